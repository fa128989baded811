#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/runner.h"
#include "voxtral_tts/voice.h"
#include "without_gil.h"

namespace voxtral_tts::bindings {
namespace {

namespace py = pybind11;
using Path = std::filesystem::path;

// The array owns the vector through a capsule: no copy.
template <typename T>
py::array_t<T> to_numpy(
    std::vector<T>&& values, py::array::ShapeContainer shape) {
  auto owner = std::make_unique<std::vector<T>>(std::move(values));
  std::vector<T>& data = *owner;
  const py::capsule capsule(owner.get(), [](void* pointer) {
    delete static_cast<std::vector<T>*>(pointer);
  });
  owner.release();
  return py::array_t<T>(std::move(shape), data.data(), capsule);
}

// Lets one thread in at a time; the second one gets Error{kBusy}.
class OneAtATime {
 public:
  explicit OneAtATime(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true)) {
      throw Error(
          ErrorClass::kBusy, "the stream is being read by another thread");
    }
  }
  ~OneAtATime() {
    busy_.store(false);
  }
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;

 private:
  std::atomic<bool>& busy_;
};

// Runs the handlers of Python's pending signals, Ctrl-C's among them.
void check_signals() {
  check_python_goes_on();
  const py::gil_scoped_acquire gil;
  deliver_log();
  if (PyErr_CheckSignals() != 0) {
    throw py::error_already_set();
  }
}

// A SpeechStream that Python threads cannot misuse. Members but `busy_` are
// touched with the GIL held or by the thread that has `busy_`.
class Stream {
 public:
  Stream(SpeechStream&& stream, int n_codebooks)
      : stream_(std::move(stream)), n_codebooks_(n_codebooks) {
    stream_->set_poll(check_signals);
  }

  // (samples [n], codes [frames, n_codebooks], index, is_final, first_frame),
  // or None at the end.
  py::object next() {
    const OneAtATime guard(busy_);
    std::optional<AudioChunk> chunk;
    if (stream_) {
      const WithoutGil nogil;
      chunk = stream_->next();
    }
    if (!chunk) {
      end();
      return py::none();
    }
    const auto size = static_cast<py::ssize_t>(chunk->samples.size());
    const py::ssize_t frames = chunk->frames;
    return py::make_tuple(
        to_numpy(std::move(chunk->samples), {size}),
        to_numpy(std::move(chunk->codes), {frames, n_codebooks_}),
        chunk->index,
        chunk->is_final,
        chunk->first_frame);
  }

  // Ends the utterance; a next() on its way in another thread returns after
  // the current frame.
  void close() {
    if (!busy_.exchange(true)) {
      end();
      busy_.store(false);
    } else if (stream_) {
      stream_->cancel();
    }
  }

  void record_step_times() {
    const OneAtATime guard(busy_);
    if (stream_) {
      stream_->record_step_times();
    }
  }

  std::vector<float> step_times_ms() {
    const OneAtATime guard(busy_);
    return stream_ ? stream_->step_times_ms() : step_times_ms_;
  }

  // (name, start_us, duration_us, index) of voxtral_tts/trace.h.
  std::vector<std::tuple<std::string, int64_t, int64_t, int64_t>> spans() {
    const OneAtATime guard(busy_);
    std::vector<std::tuple<std::string, int64_t, int64_t, int64_t>> result;
    for (const TraceSpan& span : stream_ ? stream_->trace() : spans_) {
      result.emplace_back(
          span.name, span.start_us, span.duration_us, span.index);
    }
    return result;
  }

  std::string stats_json() {
    const OneAtATime guard(busy_);
    return to_json(stream_ ? stream_->stats() : stats_);
  }

 private:
  void end() {
    if (stream_) {
      stats_ = stream_->stats();
      step_times_ms_ = stream_->step_times_ms();
      spans_ = stream_->trace();
      std::optional<SpeechStream> over = std::exchange(stream_, std::nullopt);
      if (!python_is_ending()) {
        const WithoutGil nogil; // its end may write a voice's rows to the disk
        over.reset();
      }
    }
  }

  std::atomic<bool> busy_{false};
  std::optional<SpeechStream> stream_; // empty once it is over
  py::ssize_t n_codebooks_;
  SynthesisStats stats_;
  std::vector<float> step_times_ms_;
  std::vector<TraceSpan> spans_;
};

// A runner's end may write voices to the disk; other threads go on meanwhile.
struct DeletesWithoutGil {
  void operator()(Runner* runner) const {
    if (python_is_ending()) {
      delete runner;
      return;
    }
    const WithoutGil nogil;
    delete runner;
  }
};
using RunnerHolder = std::unique_ptr<Runner, DeletesWithoutGil>;

RunnerHolder load(
    const Path& model,
    const Path& codec,
    const std::optional<Path>& tokenizer,
    const std::optional<Path>& voices,
    int num_threads,
    bool warm_up,
    const std::string& device,
    const std::string& voice_cache,
    const std::optional<Path>& cache_dir,
    int voices_in_memory,
    bool verify) {
  const std::optional<Device> chosen = device_from(device);
  if (!chosen) {
    throw Error(
        ErrorClass::kUsage,
        "device '" + device + "': must be 'auto', 'gpu' or 'cpu'");
  }
  const std::optional<VoiceCache> cache = voice_cache_from(voice_cache);
  if (!cache) {
    throw Error(
        ErrorClass::kUsage,
        "voice_cache '" + voice_cache + "': must be 'disk', 'memory' or 'off'");
  }
  const LoadOptions options{
      .tokenizer = tokenizer.value_or(Path()),
      .voices = voices.value_or(Path()),
      .num_threads = num_threads,
      .warm_up = warm_up,
      .device = *chosen,
      .voice_cache = *cache,
      .cache_dir = cache_dir.value_or(Path()),
      .voices_in_memory = voices_in_memory,
      .verify = verify};
  const WithoutGil nogil;
  return RunnerHolder(new Runner(model, codec, options));
}

std::unique_ptr<Stream> start_stream(
    Runner& runner,
    const py::bytes& utf8,
    std::optional<std::string> voice,
    uint64_t seed,
    float temperature,
    std::optional<float> cfg_alpha,
    std::optional<int> flow_steps,
    std::optional<int> max_frames,
    int chunk_frames,
    bool record_trace) {
  const std::string text = utf8;
  const SynthesisOptions options{
      .voice = std::move(voice).value_or(""),
      .seed = seed,
      .temperature = temperature,
      .cfg_alpha = cfg_alpha,
      .flow_steps = flow_steps,
      .max_frames = max_frames,
      .chunk_frames = chunk_frames,
      .record_trace = record_trace};
  const WithoutGil nogil;
  return std::make_unique<Stream>(
      runner.stream(text, options), runner.n_codebooks());
}

py::dict default_options() {
  const LoadOptions load_options;
  const SynthesisOptions options;
  py::dict defaults;
  defaults["num_threads"] = load_options.num_threads;
  defaults["warm_up"] = load_options.warm_up;
  defaults["device"] = to_string(load_options.device);
  defaults["voice_cache"] = to_string(load_options.voice_cache);
  defaults["voices_in_memory"] = load_options.voices_in_memory;
  defaults["verify"] = load_options.verify;
  defaults["seed"] = options.seed;
  defaults["temperature"] = options.temperature;
  defaults["cfg_alpha"] = options.cfg_alpha;
  defaults["flow_steps"] = options.flow_steps;
  defaults["max_frames"] = options.max_frames;
  defaults["chunk_frames"] = options.chunk_frames;
  return defaults;
}

} // namespace

void bind_runner(py::module_& module) {
  py::class_<Stream>(module, "Stream")
      .def("next", &Stream::next)
      .def("close", &Stream::close)
      .def("stats_json", &Stream::stats_json)
      .def("spans", &Stream::spans)
      .def("_record_step_times", &Stream::record_step_times)
      .def("_step_times_ms", &Stream::step_times_ms);
  py::class_<Runner, RunnerHolder>(module, "Runner")
      .def(
          py::init(&load),
          py::arg("model"),
          py::arg("codec"),
          py::arg("tokenizer"),
          py::arg("voices"),
          py::arg("num_threads"),
          py::arg("warm_up"),
          py::arg("device"),
          py::arg("voice_cache"),
          py::arg("cache_dir"),
          py::arg("voices_in_memory"),
          py::arg("verify"))
      .def(
          "stream",
          &start_stream,
          py::arg("text"),
          py::arg("voice"),
          py::arg("seed"),
          py::arg("temperature"),
          py::arg("cfg_alpha"),
          py::arg("flow_steps"),
          py::arg("max_frames"),
          py::arg("chunk_frames"),
          py::arg("record_trace"))
      .def("voices", &Runner::voices)
      .def("sample_rate", &Runner::sample_rate_hz)
      .def("load_ms", [](const Runner& self) {
        return self.load_stats().load_ms;
      });
  module.def("load_mlx", &load_mlx, py::call_guard<WithoutGil>());
  module.def("list_voices", &list_voices, py::arg("folder"));
  module.def("find_voice", &find_voice, py::arg("folder"), py::arg("voice"));
  module.def("default_options", &default_options);
}

} // namespace voxtral_tts::bindings
