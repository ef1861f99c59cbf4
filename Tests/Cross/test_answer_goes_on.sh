# A closed cluster, so with TLS: the arm64 worker is killed in the midst of an answer, which goes on and is what it is undisturbed.
python3 "$here/../Cross/answer_goes_on.py" "$shoal" "$arm" "$model"
