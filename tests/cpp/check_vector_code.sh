#!/usr/bin/env bash
# Looks into the objects of the x86 levels: a loop that the compiler left scalar gives the same
# results, only slowly, and so would a level built without its instructions.
#   check_vector_code.sh OBJDUMP OBJECT...
set -euo pipefail
objdump=$1
shift

failed=0 seen=0
for object in "$@"; do
  case $object in
    */rows/level_avx2.*) register=ymm kind=rows ;;
    */rows/level_avx512.*) register=zmm kind=rows ;;
    */linear/level_avx2.*) register=ymm kind=linear ;;
    */linear/level_avx512_vnni.*) register=zmm kind=linear ;;
    *) continue ;;
  esac
  seen=$((seen + 1))
  if [ $kind = rows ]; then
    # What the inner loop of each must have on whole registers (Clang may take half of them for loops).
    wanted="attend_=vfmadd.*ps.*$register rms_norm_row=v(mul|fmadd...)ps.*[yz]mm
      swiglu_row=vdivps.*[yz]mm quantize_row=v(mul|fmadd...)ps.*[yz]mm spread_non_finite=v(mul|fmadd...)ps.*[yz]mm"
  elif [ $register = ymm ]; then
    wanted="multiply=vpmaddubsw.*ymm"
  else
    wanted="multiply=vpdpbusd.*zmm"
  fi
  code=$("$objdump" -d --no-show-raw-insn "$object")
  for pair in $wanted; do
    count=$(awk -v name="${pair%%=*}" -v text="${pair#*=}" \
      '/>:$/ { inside = index($0, name) } inside && $0 ~ text { ++n } END { print n + 0 }' <<<"$code")
    if [ "$count" -eq 0 ]; then
      echo "$object: no instruction like '${pair#*=}' in ${pair%%=*}" >&2
      failed=1
    fi
  done
done
[ $seen -eq 4 ] || { echo "$seen of 4 levels found among: $*" >&2; failed=1; }
exit $failed
