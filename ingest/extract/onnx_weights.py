"""Read an ONNX file's weights under the names their PyTorch modules had."""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from ingest.errors import CheckpointMismatchError


def read_onnx(path: Path) -> dict[str, Tensor]:
    """Return name -> weight.

    Exporting renames the matrices of linear layers ('onnx::MatMul_1966') and transposes them; the
    product they feed keeps the module's path ('/layer.0/query/MatMul'), which gives the name back.

    Raises:
        CheckpointMismatchError: the file is no readable ONNX model.
    """
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's own DecodeError, reached only through this call
        raise CheckpointMismatchError(f"{path} is no readable ONNX model: {error}.") from error
    values = {item.name: item for item in graph.initializer}
    renamed: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in values:
            parts = [part for part in node.name.split("/")[:-1] if part]
            # '/model/model.0/layer.1/MatMul': a numbered child repeats its parent's name.
            clean: list[str] = []
            for part in parts:
                if clean and part.startswith(f"{clean[-1]}."):
                    clean[-1] = part
                else:
                    clean.append(part)
            renamed[node.input[1]] = ".".join(clean) + ".weight"
    weights: dict[str, Tensor] = {}
    for name, item in values.items():
        array = torch.from_numpy(numpy_helper.to_array(item).copy())
        if name in renamed:
            weights[renamed[name]] = array.T.contiguous()
        else:
            weights[name] = array
    return weights
