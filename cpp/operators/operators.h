// The project's operators for the CPU backend: kernels that stand between the
// delegates of an exported program (docs/contract.md, "Operators").
#pragma once

namespace voxtral_tts::operators {

// Registers the kernels with the ExecuTorch runtime of this process, once.
// Call it before the first program is loaded. Thread-safe.
void register_operators();

} // namespace voxtral_tts::operators
