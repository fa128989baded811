// The library's log, handed to Python. Messages come from any thread, with or
// without the GIL and with locks held that are not ours: they wait in a queue,
// which a call empties when it is back and has the GIL. No thread ever takes
// the GIL to log.
#pragma once

namespace voxtral_tts::bindings {

// Hands waiting messages to the function that _set_log() was given. Needs the
// GIL. An exception of that function does not leave: Ctrl-C is raised again
// where signals are looked at next, others are reported as unraisable.
void deliver_log() noexcept;

// Makes the queue anew in a forked process: its lock may be held by a thread
// that is not there.
void forget_log() noexcept;

} // namespace voxtral_tts::bindings
