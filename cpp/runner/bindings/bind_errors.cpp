#include <cstring>
#include <exception>

#include "bindings.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::bindings {
namespace {

namespace py = pybind11;

// Names of files in messages need not be UTF-8.
py::str to_str(const char* text) {
  PyObject* const decoded = PyUnicode_DecodeUTF8(
      text, static_cast<Py_ssize_t>(std::strlen(text)), "replace");
  if (decoded == nullptr) {
    throw py::error_already_set();
  }
  return py::reinterpret_steal<py::str>(decoded);
}

void set_python_error(const Error& error) {
  try {
    const py::object instance = py::module_::import("voxtral_tts.errors")
                                    .attr("make_error")(
                                        to_string(error.error_class()),
                                        to_str(error.what()),
                                        error.system_errno());
    PyErr_SetObject(
        reinterpret_cast<PyObject*>(Py_TYPE(instance.ptr())), instance.ptr());
  } catch (py::error_already_set& failed) {
    failed.restore();
  }
}

} // namespace

void bind_errors(py::module_& /*module*/) {
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) {
        std::rethrow_exception(pointer);
      }
    } catch (const Error& error) {
      set_python_error(error);
    }
  });
}

} // namespace voxtral_tts::bindings
