# `plan` places without starting anything.
expect_exit 0 "$shoal" plan "$model" --cluster "$here/../../Cluster/loopback3.yaml"
expect_text "$work/out" 'pi1' 'pi2' 'pi3'
