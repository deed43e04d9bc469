"""Deterministic parameter filling, used by every parity fixture in this folder.

``fill_(module, seed)`` overwrites the floating-point tensors of
``module.state_dict()`` with values that depend only on the *key name*, the
*shape* and the *seed* -- never on torch's random generator, on the order in
which modules were created, or on the platform.  Two modules with the same
state_dict keys and shapes therefore end up with bit-identical weights, so
their outputs can be compared without any checkpoint file.

How one tensor is filled
------------------------
``rng = numpy.random.Generator(numpy.random.PCG64(crc32(key utf-8 bytes) + seed))``
then ``z = rng.standard_normal(shape)`` in float64, and, first rule that fits:

===========================================  ==================================
key / tensor                                 value (cast to the tensor's dtype)
===========================================  ==================================
matches ``skip``                             left alone
not floating point (``num_batches_tracked``,  left alone
relative-position *index* buffers, ...)
float **buffer** that is not a running stat  left alone (fixed gaussian or
                                             laplacian kernels, masks, means)
``*running_mean``                            ``0.1 * z``
``*running_var``                             ``1 + 0.1 * |z|``
0-D parameter                                left alone
1-D, last name part is a bias (``bias`` or   ``0.1 * z``
ends in ``bias``, e.g. ``in_proj_bias``)
1-D, anything else (norm weights, PReLU,      ``1 + 0.1 * z``
class tokens)
2-D or more                                  ``gain * z / sqrt(fan_in)`` with
                                             ``fan_in = prod(shape[1:])``
===========================================  ==================================

Parameters of any kind (relative position bias *tables*, positional
embeddings, ...) are filled by the same rules; only *buffers* other than the
running statistics are left alone.  0-D parameters (e.g. CLIP's
``logit_scale``) keep whatever the module's constructor gave them.

Keys are visited in sorted order.  This matters only where two keys name the
same tensor (a sub-module registered twice, such as MODNet's ``backbone.*`` and
``lr_branch.backbone.*``): the alphabetically last key decides the values.

Fill first, then call ``module.eval()``: a module that standardises its weights
in ``train()``/``eval()`` (FBA) must do so on the filled values.

``gain`` is stored beside ``seed`` in every fixture (``npz['gain']``,
``npz['seed']``); pass both back to :func:`fill_`.
"""

from __future__ import annotations

import fnmatch
import math
import zlib

import numpy as np
import torch

DEFAULT_GAIN = math.sqrt(2.0)


def values_for(key, shape, seed, gain=DEFAULT_GAIN):
    """Return the float64 array that :func:`fill_` writes for one parameter or running stat."""
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode("utf-8")) + int(seed)))
    shape = tuple(int(s) for s in shape)
    z = rng.standard_normal(shape)
    leaf = key.rsplit(".", 1)[-1]
    if leaf.endswith("running_mean"):
        return 0.1 * z
    if leaf.endswith("running_var"):
        return 1.0 + 0.1 * np.abs(z)
    if len(shape) == 1:
        return 0.1 * z if leaf.endswith("bias") else 1.0 + 0.1 * z
    fan_in = int(np.prod(shape[1:]))
    return float(gain) * z / math.sqrt(fan_in)


@torch.no_grad()
def fill_(module, seed, gain=DEFAULT_GAIN, skip=()):
    """Fill ``module`` in place (see the module docstring) and return it.

    skip: glob patterns (``fnmatch``) of state_dict keys to leave alone.
    """
    buffers = {name for name, _ in module.named_buffers(remove_duplicate=False)}
    # sorted: where two keys share one tensor, the alphabetically last key decides
    for key, tensor in sorted(module.state_dict().items()):
        if not torch.is_floating_point(tensor):
            continue
        if any(fnmatch.fnmatch(key, pattern) for pattern in skip):
            continue
        running = key.endswith("running_mean") or key.endswith("running_var")
        if key in buffers and not running:
            continue
        if tensor.dim() == 0:
            continue
        array = values_for(key, tensor.shape, seed, gain)
        tensor.copy_(torch.from_numpy(array).to(tensor.dtype))
    return module


def key_table(module):
    """``{key: [shape, dtype]}`` in state_dict order, as stored in ``*.keys.json``."""
    return {key: [list(t.shape), str(t.dtype).replace("torch.", "")] for key, t in module.state_dict().items()}
