# A model that is not there: the path is named, and nothing is left running.
for command in inspect "tokenize --" plan "generate --prompt Hi" "serve --insecure --listen 127.0.0.1:0"; do
    read -ra words <<<"$command"
    if [ "$command" = "tokenize --" ]; then
        expect_exit 1 "$shoal" tokenize "$work/no such model.gguf" -- Hi
    else
        expect_exit 1 "$shoal" "${words[0]}" "$work/no such model.gguf" "${words[@]:1}"
    fi
    expect_text "$work/err" 'no such model\.gguf'
done
