// What the ExecuTorch runtime needs once per process.
#pragma once

namespace voxtral_tts::model {

// Registers our operators, sends the runtime's messages to our log instead of
// stderr, and sizes its thread pool: 0 is every CPU this process may use. The
// pool belongs to the process and programs keep hold of it, so only the first
// call has an effect; it has to come before the first program. Throws
// Error{kUsage} in a process forked from one that called it.
void prepare_runtime(int num_threads);

} // namespace voxtral_tts::model
