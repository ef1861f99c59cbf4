"""Passes requests on to a coordinator, with every number of its answers replaced: extreme_numbers.py PORT COORDINATOR_URL NUMBER."""
import http.server
import json
import sys
import urllib.error
import urllib.request

port, url, number = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])


def replaced(value):
    if isinstance(value, dict):
        return {key: replaced(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner) for inner in value]
    return number if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def line(text):
    if text.startswith("data: {"):
        return "data: " + json.dumps(replaced(json.loads(text[6:])))
    return text


class Handler(http.server.BaseHTTPRequestHandler):
    def forward(self, data=None):
        headers = {"Content-Type": "application/json"} if data else {}
        try:
            answer = urllib.request.urlopen(urllib.request.Request(url + self.path, data, headers))
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read().decode()
        if "event-stream" in answer.headers["Content-Type"]:
            body = "\n".join(map(line, body.split("\n")))
        else:
            body = json.dumps(replaced(json.loads(body)))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        self.forward()

    def do_POST(self):
        self.forward(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
