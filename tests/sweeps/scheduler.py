"""Schedulers for smg's gateway that generate nothing, and keep what they were last sent.

``python scheduler.py NUMBER PORT FOLDER`` in an environment with the packages grpcio and smg-grpc-proto: model ``m0`` in
``FOLDER/m0`` behind the port after PORT, and so on. PORT itself answers ``GET /NUMBER`` with the token ids as JSON, once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc  # type: ignore[import-untyped]
from smg_grpc_proto.generated import sglang_scheduler_pb2 as messages  # type: ignore[import-not-found]
from smg_grpc_proto.generated import sglang_scheduler_pb2_grpc as service

_LONGEST = 10_000_000
SENT: dict[int, list[int]] = {}


class Scheduler(service.SglangSchedulerServicer):  # type: ignore[misc]
    """One model's scheduler; the names of its methods are the protocol's."""

    def __init__(self, number: int, folder: str) -> None:
        self._number = number
        self._path = f"{folder}/m{number}"

    def HealthCheck(self, request: Any, context: Any) -> Any:  # noqa: N802
        return messages.HealthCheckResponse(healthy=True)

    def GetModelInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return messages.GetModelInfoResponse(
            model_path=self._path,
            tokenizer_path=self._path,
            served_model_name=f"m{self._number}",
            is_generation=True,
            max_context_length=_LONGEST,
            max_req_input_len=_LONGEST,
            vocab_size=256,
            eos_token_ids=[1],
            model_type="llama",
            architectures=["LlamaForCausalLM"],
        )

    def GetServerInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return messages.GetServerInfoResponse()

    def GetLoads(self, request: Any, context: Any) -> Any:  # noqa: N802
        return messages.GetLoadsResponse()

    def Generate(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        SENT[self._number] = list(request.tokenized.input_ids)
        done = messages.GenerateComplete(output_ids=[1], finish_reason="stop", completion_tokens=1)
        yield messages.GenerateResponse(request_id=request.request_id, complete=done)


class Kept(BaseHTTPRequestHandler):
    """What a model was last sent; ``null`` where that was nothing."""

    def do_GET(self) -> None:
        body = json.dumps(SENT.pop(int(self.path[1:]), None)).encode("ascii")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Say nothing."""


def main(number: int, port: int, folder: str) -> None:
    """Serve until the process ends."""
    pool = futures.ThreadPoolExecutor(16)
    servers = []
    for each in range(number):
        server = grpc.server(pool, options=[("grpc.max_receive_message_length", 1 << 28)])
        service.add_SglangSchedulerServicer_to_server(Scheduler(each, folder), server)
        server.add_insecure_port(f"127.0.0.1:{port + 1 + each}")
        server.start()
        servers.append(server)
    print("ready", flush=True)
    ThreadingHTTPServer(("127.0.0.1", port), Kept).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
