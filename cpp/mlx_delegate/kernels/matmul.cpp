#include "kernels/matmul.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mlx/backend/cpu/encoder.h>
#include <mlx/primitives.h>

#include "kernels/checked_malloc.h"
#include "kernels/levels.h"
#include "simd/tasks.h"

namespace voxtral_tts::mlx_delegate {
namespace {

constexpr int64_t kRowsPerTask = 96; // their packed x stays in a core's cache
constexpr int64_t kRowsPerPackTask = 8;
constexpr int64_t kTransposeBlock = 64;
// Multiplications that are not worth waking another thread for.
constexpr int64_t kSmallProduct = 1 << 18;

std::optional<Element> element(mx::Dtype type) {
  if (type == mx::float32) {
    return Element::kFloat32;
  }
  if (type == mx::float16) {
    return Element::kFloat16;
  }
  if (type == mx::bfloat16) {
    return Element::kBfloat16;
  }
  return std::nullopt;
}

int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

class Scratch {
 public:
  explicit Scratch(int64_t bytes)
      : data_(
            static_cast<char*>(
                ::operator new(static_cast<size_t>(bytes), kAlignment))) {
  }
  ~Scratch() {
    ::operator delete(data_, kAlignment);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  char* data() const {
    return data_;
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  char* data_;
};

// An array as it lies in memory, without the array: tasks run when MLX has
// moved on (it keeps the data of their operands alive).
struct View {
  explicit View(const mx::array& x)
      : data(x.data<char>()),
        item_size(static_cast<int64_t>(x.itemsize())),
        shape(x.shape().begin(), x.shape().end()),
        strides(x.strides().begin(), x.strides().end()) {
  }

  // Where the index-th of the parts begins that the last `inner` dimensions
  // make up.
  const char* part(int64_t index, size_t inner) const {
    int64_t offset = 0;
    for (size_t d = shape.size() - inner; d-- > 0;) {
      offset += index % shape[d] * strides[d];
      index /= shape[d];
    }
    return data + offset * item_size;
  }

  const char* data;
  int64_t item_size;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

// Packs rows [first_row, + product.rows) of x, then multiplies.
void run_product(Product product, const View& x, int64_t first_row) {
  const Kernels& level = kernels();
  level.plan(product);
  const Scratch packed(product.rows * product.packed_row_bytes);
  const int64_t sums_bytes =
      product.group_sums_stride * static_cast<int64_t>(sizeof(float));
  const Scratch sums(product.rows * sums_bytes);
  const int64_t stride = x.strides.back();
  const auto pack_rows = [&](int64_t task) {
    const Scratch row(product.depth * static_cast<int64_t>(sizeof(float)) + 64);
    const int64_t begin = task * kRowsPerPackTask;
    for (int64_t m = begin;
         m < std::min(begin + kRowsPerPackTask, product.rows);
         ++m) {
      level.pack(
          product,
          x.part(first_row + m, 1),
          stride,
          reinterpret_cast<float*>(row.data()),
          packed.data() + m * product.packed_row_bytes,
          reinterpret_cast<float*>(sums.data() + m * sums_bytes));
    }
  };
  simd::run_tasks(divide_up(product.rows, kRowsPerPackTask), pack_rows);
  product.packed = packed.data();
  product.group_sums = reinterpret_cast<const float*>(sums.data());

  if (product.rows * product.columns * product.depth <= kSmallProduct) {
    level.multiply(product, {0, product.rows}, {0, product.columns});
    return;
  }
  const int64_t row_tasks = divide_up(product.rows, kRowsPerTask);
  const int64_t column_tasks = divide_up(product.columns, kColumnBlock);
  simd::run_tasks(row_tasks * column_tasks, [&](int64_t task) {
    const int64_t m = task % row_tasks * kRowsPerTask;
    const int64_t n = task / row_tasks * kColumnBlock;
    level.multiply(
        product,
        {m, std::min(m + kRowsPerTask, product.rows)},
        {n, std::min(n + kColumnBlock, product.columns)});
  });
}

class QuantizedMatmul : public mx::UnaryPrimitive {
 public:
  QuantizedMatmul(mx::Stream stream, int group_size, int bits)
      : UnaryPrimitive(stream), group_size_(group_size), bits_(bits) {
  }

  void eval_cpu(const std::vector<mx::array>& inputs, mx::array& out) override {
    out.set_data(checked_malloc(out.nbytes()));
    if (out.size() == 0) {
      return;
    }
    const mx::array& x = inputs[0];
    Product product{};
    product.depth = x.shape(-1);
    product.columns = out.shape(-1);
    product.rows = static_cast<int64_t>(out.size()) / product.columns;
    product.bits = bits_;
    product.group_size = group_size_;
    product.words = inputs[1].data<uint32_t>();
    product.scales = inputs[2].data<char>();
    product.biases = inputs[3].data<char>();
    product.scale_type = *element(inputs[2].dtype());
    product.bias_type = *element(inputs[3].dtype());
    product.type = *element(x.dtype());
    product.out = out.data<char>();
    mx::cpu::get_command_encoder(stream()).dispatch(
        [product, view = View(x)] { run_product(product, view, 0); });
  }

  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
    throw std::runtime_error("QuantizedMatmul runs on the CPU only");
  }

  const char* name() const override {
    return "VoxtralQuantizedMatmul";
  }

 private:
  int64_t group_size_;
  int bits_;
};

// out[n, k] = the element at k * k_stride + n * n_stride.
template <class T>
void transpose(
    const T* in,
    int64_t columns,
    int64_t depth,
    int64_t n_stride,
    int64_t k_stride,
    T* out) {
  const int64_t column_tasks = divide_up(columns, kTransposeBlock);
  simd::run_tasks(column_tasks, [&](int64_t task) {
    const int64_t begin = task * kTransposeBlock;
    const int64_t end = std::min(begin + kTransposeBlock, columns);
    for (int64_t first = 0; first < depth; first += kTransposeBlock) {
      const int64_t last = std::min(first + kTransposeBlock, depth);
      for (int64_t n = begin; n < end; ++n) {
        for (int64_t k = first; k < last; ++k) {
          out[n * depth + k] = in[n * n_stride + k * k_stride];
        }
      }
    }
  });
}

void run_matmul(
    Product product, int64_t batches, const View& a, const View& b) {
  const int64_t n_stride = b.strides.back();
  const int64_t k_stride = b.strides[b.strides.size() - 2];
  const int64_t size = b.item_size;
  const bool in_place = k_stride == 1 || product.depth == 1;
  const Scratch copy(in_place ? 0 : product.columns * product.depth * size);
  char* out = static_cast<char*>(product.out);
  for (int64_t batch = 0; batch < batches; ++batch) {
    const char* weights = b.part(batch, 2);
    if (in_place) {
      product.weights = weights;
      product.weight_stride = n_stride;
    } else {
      const auto copy_as = [&]<class T>(T*) {
        transpose(
            reinterpret_cast<const T*>(weights),
            product.columns,
            product.depth,
            n_stride,
            k_stride,
            reinterpret_cast<T*>(copy.data()));
      };
      if (size == 4) {
        copy_as(static_cast<uint32_t*>(nullptr));
      } else {
        copy_as(static_cast<uint16_t*>(nullptr));
      }
      product.weights = copy.data();
      product.weight_stride = product.depth;
    }
    product.out = out + batch * product.rows * product.columns * size;
    run_product(product, a, batch * product.rows);
  }
}

class Matmul : public mx::UnaryPrimitive {
 public:
  explicit Matmul(mx::Stream stream) : UnaryPrimitive(stream) {
  }

  void eval_cpu(const std::vector<mx::array>& inputs, mx::array& out) override {
    out.set_data(checked_malloc(out.nbytes()));
    if (out.size() == 0) {
      return;
    }
    const mx::array& a = inputs[0];
    const mx::array& b = inputs[1];
    int64_t batches = 1;
    for (int d = 0; d < static_cast<int>(b.ndim()) - 2; ++d) {
      batches *= b.shape(d);
    }
    Product product{};
    product.depth = a.shape(-1);
    product.columns = out.shape(-1);
    product.rows = static_cast<int64_t>(out.size()) / product.columns / batches;
    product.type = *element(a.dtype());
    product.weight_type = product.type;
    product.out = out.data<char>();
    mx::cpu::get_command_encoder(stream()).dispatch(
        [product, batches, a_view = View(a), b_view = View(b)] {
          run_matmul(product, batches, a_view, b_view);
        });
  }

  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
    throw std::runtime_error("Matmul runs on the CPU only");
  }

  const char* name() const override {
    return "VoxtralMatmul";
  }
};

void require(bool condition, const std::string& message) {
  if (!condition) {
    throw std::invalid_argument(message);
  }
}

// Constants mostly are contiguous already: no node for them.
mx::array row_contiguous(const mx::array& x, mx::Stream stream) {
  if (x.is_available() && x.flags().row_contiguous) {
    return x;
  }
  return mx::contiguous(x, false, stream);
}

mx::Shape with_columns(const mx::array& x, int columns) {
  mx::Shape shape = x.shape();
  shape.back() = columns;
  return shape;
}

} // namespace

bool supports_quantized_matmul(
    const mx::array& x, const mx::array& w, int group_size, int bits) {
  if (!element(x.dtype()) || x.ndim() == 0 || w.dtype() != mx::uint32 ||
      w.ndim() != 2) {
    return false;
  }
  const int depth = x.shape(-1);
  return (bits == 2 || bits == 4 || bits == 8) &&
         (group_size == 32 || group_size == 64 || group_size == 128) &&
         depth > 0 && depth % group_size == 0 &&
         int64_t{w.shape(1)} * 32 == int64_t{depth} * bits;
}

mx::array quantized_matmul(
    const mx::array& x,
    const mx::array& w,
    const mx::array& scales,
    const mx::array& biases,
    int group_size,
    int bits,
    mx::Stream stream) {
  require(
      supports_quantized_matmul(x, w, group_size, bits),
      "quantized_matmul: unsupported operands");
  const mx::Shape groups{w.shape(0), x.shape(-1) / group_size};
  require(
      scales.shape() == groups && biases.shape() == groups &&
          element(scales.dtype()) && element(biases.dtype()),
      "quantized_matmul: scales and biases do not fit the weights");
  return mx::array(
      with_columns(x, w.shape(0)),
      x.dtype(),
      std::make_shared<QuantizedMatmul>(stream, group_size, bits),
      {x,
       row_contiguous(w, stream),
       row_contiguous(scales, stream),
       row_contiguous(biases, stream)});
}

mx::array matmul(const mx::array& a, const mx::array& b, mx::Stream stream) {
  require(
      a.dtype() == b.dtype() && element(a.dtype()),
      "matmul: operands are of one floating type");
  require(
      a.ndim() >= 1 && b.ndim() >= 2 && a.shape(-1) == b.shape(-2) &&
          (a.ndim() >= 2 || b.ndim() == 2),
      "matmul: shapes do not fit");
  mx::array x = a;
  mx::array y = b;
  if (b.ndim() > 2) {
    // Equal leading dimensions; broadcasting copies nothing.
    const mx::Shape a_lead(a.shape().begin(), a.shape().end() - 2);
    const mx::Shape b_lead(b.shape().begin(), b.shape().end() - 2);
    const mx::Shape lead = mx::broadcast_shapes(a_lead, b_lead);
    const auto broadcast = [&](const mx::array& operand) {
      mx::Shape shape = lead;
      shape.push_back(operand.shape(-2));
      shape.push_back(operand.shape(-1));
      return mx::broadcast_to(operand, shape, stream);
    };
    x = broadcast(a);
    y = broadcast(b);
  }
  const mx::Shape shape = with_columns(x, y.shape(-1));
  return mx::array(shape, a.dtype(), std::make_shared<Matmul>(stream), {x, y});
}

} // namespace voxtral_tts::mlx_delegate
