# shellcheck shell=bash
# Sourced by the run.sh of tests/ and bench/: turns a bare Debian 12 or Ubuntu into a build in build/.

kullback_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kullback_build=$kullback_root/build

# Installs those of the packages that are missing; where none is, apt is not even asked.
kullback_install() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "No apt here: the packages ($*) are taken to be installed." >&2
    return
  fi
  local installed package missing=() as_root=()
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qxF "$package installed" <<<"$installed" || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0

  echo "Installing ${missing[*]}" >&2
  if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo)
    command -v sudo >/dev/null || { echo "Installing needs root or sudo." >&2; return 1; }
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3
             -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
}

kullback_packages() {
  kullback_install cmake ninja-build g++ libgtest-dev libbenchmark-dev libmpfr-dev libcli11-dev nlohmann-json3-dev \
    libfmt-dev libhwy-dev clang-format-14 python3 ccache git
}

# The other libraries that benchmarks compare with, from PyPI, in build/peers; sets kullback_peers_python.
kullback_peers() {
  local peers=$kullback_build/peers
  kullback_peers_python=$peers/bin/python
  [[ ! -e $peers/complete ]] || return 0
  echo "Installing the peers into ${peers#"$kullback_root"/}" >&2
  python3 -c 'import ensurepip, venv' 2>/dev/null || kullback_install python3-venv
  python3 -m venv "$peers"
  "$kullback_peers_python" -m pip install --quiet numpy scipy scikit-learn
  "$kullback_peers_python" -m pip install --quiet torch || echo "No PyTorch from PyPI: its column stays empty." >&2
  touch "$peers/complete"
}

# NVIDIA's compiler from its Python packages, in build/toolchain; sets kullback_nvcc.
kullback_nvcc_from_wheels() {
  local toolchain=$kullback_build/toolchain log
  local found=("$toolchain"/lib/python3*/site-packages/nvidia/cu13/bin/nvcc)
  # The link is made last: where it is, the installation was completed.
  if [[ ! -e ${found[0]%/bin/nvcc}/lib/libcudart.so ]]; then
    echo "Installing nvcc into ${toolchain#"$kullback_root"/}" >&2
    rm -rf "$toolchain"
    python3 -c 'import ensurepip, venv' 2>/dev/null || kullback_install python3-venv || return 1
    log=$(python3 -m venv "$toolchain" 2>&1 &&
          "$toolchain/bin/python" -m pip install --quiet --retries 2 'cuda-toolkit[nvcc,cudart,cccl]==13.*' 2>&1) || {
      printf 'No nvcc from the Python packages:\n%s\n' "$log" >&2
      return 1
    }
    found=("$toolchain"/lib/python3*/site-packages/nvidia/cu13/bin/nvcc)
    # What a toolkit has and the packages lack: the names a linker looks for.
    ln -sfn lib "${found[0]%/bin/nvcc}/lib64"
    ln -sf libcudart.so.13 "${found[0]%/bin/nvcc}/lib/libcudart.so"
  fi
  kullback_nvcc=${found[0]}
}

# Sets kullback_nvcc; empty where there is none. An nvcc of CUDA 13 or later on PATH, in CUDA_HOME or in /usr/local/cuda
# comes first, then the Python packages. KULLBACK_NVCC forces one way: `wheels`, `none`, or the path of an nvcc.
kullback_nvcc=
kullback_find_nvcc() {
  local candidate
  case ${KULLBACK_NVCC:-} in
    none) return ;;
    wheels) kullback_nvcc_from_wheels || true ;;
    '')
      for candidate in "$(command -v nvcc)" "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" /usr/local/cuda/bin/nvcc; do
        [[ -x $candidate && $("$candidate" --version) =~ release\ (1[3-9]|[2-9][0-9])\. ]] || continue
        kullback_nvcc=$candidate
        return
      done
      kullback_nvcc_from_wheels || true
      ;;
    *) kullback_nvcc=$KULLBACK_NVCC ;;
  esac
}

# The GPUs' architectures, or sm_90 where there is none. Not CMake's `native`, which leaves out the PTX that
# tests/ptxsim/ runs: it reads PTX for sm_90 and earlier.
kullback_architectures() {
  local capabilities
  capabilities=$(timeout 20 nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | tr -d . | sort -un) ||
    capabilities=
  [[ $capabilities =~ ^[0-9[:space:]]+$ ]] || capabilities=90
  [[ $capabilities == [1-9][0-9][0-9]* ]] && capabilities="90-virtual $capabilities"
  tr -s '[:space:]' ';' <<<"$capabilities" | sed 's/;$//'
}

# kullback_configure PRESET [cmake options]: quiet unless it fails.
kullback_configure() {
  local log
  log=$(cd "$kullback_root" && cmake --preset "$@" 2>&1) || {
    printf '%s\n' "$log" >&2
    return 1
  }
}

# kullback_configure_default [cmake options]: with CUDA where there is an nvcc.
kullback_configure_default() {
  local cached
  kullback_find_nvcc
  cached=$(sed -n 's/^CMAKE_CUDA_COMPILER:[A-Z]*=//p' "$kullback_build/CMakeCache.txt" 2>/dev/null || true)
  # CMake changes compilers, too, but forgets the other options on the way.
  [[ -z $cached || -z $kullback_nvcc || $cached == "$kullback_nvcc" ]] || set -- --fresh "$@"
  if [[ -n $kullback_nvcc ]]; then
    kullback_configure default -DKULLBACK_CUDA=ON -DCMAKE_CUDA_COMPILER="$kullback_nvcc" \
      -DCMAKE_CUDA_ARCHITECTURES="$(kullback_architectures)" "$@"
  else
    kullback_configure default -DKULLBACK_CUDA=OFF "$@"
  fi
}

# The last line of both commands where the build has no CUDA kernels.
kullback_cuda_line() {
  [[ -n $kullback_nvcc ]] || echo "CUDA kernels NOT built: no nvcc"
}
