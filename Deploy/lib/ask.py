"""Writes the body of a streamed chat request with one question."""
import json
import sys

print(json.dumps({
    "model": "default",
    "messages": [{"role": "user", "content": sys.argv[1]}],
    "temperature": 0,
    "max_tokens": 200,
    "stream": True,
    "stream_options": {"include_usage": True},
}))
