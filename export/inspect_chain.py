"""What the runtime itself runs in a method: its chain of instructions."""

from __future__ import annotations

import math
from typing import Any

# Bytes of an element, by ExecuTorch's names; others are not constants of ours.
_ITEM_BYTES = {"BOOL": 1, "BYTE": 1, "CHAR": 1, "INT": 4, "LONG": 8, "HALF": 2, "BFLOAT16": 2}
_ITEM_BYTES |= {"FLOAT": 4, "DOUBLE": 8}
# They take some rows of a constant, not all of it.
_GATHERING = tuple(
    f"aten::{name}" for name in ("embedding", "index", "index_select", "gather", "select_copy")
)
_ATTEND = "voxtral_tts::attend"
_CACHES = (3, 4)  # arguments of attend
_ROPE = 6  # likewise; a row per position is read


class Chain:
    """Operators and calls of delegates in the order in which one call of the method runs them."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.names: list[str] = []  # an operator's name, or a delegate's backend
        self.operators: list[str] = []
        self.delegate_calls: list[int] = []  # indices of plan["delegates"]
        self.bytes_read = 0  # of constants, by operators, each time that one is read
        self.state_bytes = 0  # of attend's caches
        self._values = plan["values"]
        for chain in plan["chains"]:
            for instruction in chain["instructions"]:
                self._add(plan, instruction["instr_args_type"], instruction["instr_args"])

    def _add(self, plan: dict[str, Any], kind: str, arguments: dict[str, Any]) -> None:
        if kind == "KernelCall":
            name = plan["operators"][int(arguments.get("op_index", 0))]["name"]
            self.operators.append(name)
            self._count(name, [int(index) for index in arguments["args"]])
        elif kind == "DelegateCall":
            index = int(arguments.get("delegate_index", 0))
            self.delegate_calls.append(index)
            name = plan["delegates"][index]["id"]
        else:
            name = kind
        self.names.append(name)

    def _count(self, name: str, arguments: list[int]) -> None:
        for place, index in enumerate(arguments):
            value = self._values[index]
            if value["val_type"] != "Tensor":
                continue
            tensor = value["val"]
            size = math.prod(tensor["sizes"]) * _ITEM_BYTES.get(tensor["scalar_type"], 0)
            if name == _ATTEND and place in _CACHES:
                self.state_bytes += size
            elif (
                int(tensor.get("data_buffer_idx", 0)) > 0
                and name not in _GATHERING
                and not (name == _ATTEND and place == _ROPE)
            ):
                self.bytes_read += size
