# The API over TLS with a given certificate; files that cannot be used are named with the mend.
make_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null; }
make_key "$work/ca.key"
openssl req -x509 -new -key "$work/ca.key" -subj "/CN=Test authority" -days 2 -out "$work/ca.pem" 2>/dev/null
make_key "$work/server.key"
openssl req -new -key "$work/server.key" -subj "/CN=localhost" -out "$work/server.csr" 2>/dev/null
openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 -out "$work/server.pem" \
    -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1') 2>/dev/null
make_key "$work/other.key"

serve_with() { expect_exit "$1" "$shoal" serve --listen 127.0.0.1:0 "${@:2}"; }
serve_with 2 --tls-certificate "$work/server.pem"
expect_text "$work/err" 'tls-key'
serve_with 1 --tls-certificate "$work/absent.pem" --tls-key "$work/server.key"
expect_text "$work/err" 'absent.pem' 'tls-certificate'
serve_with 1 --tls-certificate "$work/server.pem" --tls-key "$work/server.pem"
expect_text "$work/err" 'server.pem' 'private key'
serve_with 1 --tls-certificate "$work/server.pem" --tls-key "$work/other.key"
expect_text "$work/err" 'other.key' 'made for'

port=$(free_ports 1)
url=https://127.0.0.1:$port
start serve "$shoal" serve "$model" --listen "127.0.0.1:$port" --tls-certificate "$work/server.pem" --tls-key "$work/server.key"
wait_for_text "$work/serve.log" "answers at $url/v1"
curl --silent --show-error --fail --cacert "$work/ca.pem" "$url/health" >"$work/out"
answer=$(curl --silent --show-error --fail --cacert "$work/ca.pem" --header 'Content-Type: application/json' \
    --data '{"prompt": "One, two,", "max_tokens": 4, "stream": true}' "$url/v1/completions")
grep -q 'data: \[DONE\]' <<<"$answer" || die "no stream: $answer"
! curl --silent --max-time 5 --output /dev/null "http://127.0.0.1:$port/health" || die "answers in plain HTTP"
expect_exit 0 "$shoal" status --json --server "$url" --authority "$work/ca.pem"
expect_exit 0 "$shoal" place "$model" --server "https://localhost:$port" --authority "$work/ca.pem"
expect_exit 1 "$shoal" status --json --server "$url"
expect_text "$work/err" '\-\-authority'
expect_exit 1 "$shoal" status --json --server "$url" --authority "$work/absent.pem"
expect_text "$work/err" 'absent.pem'
