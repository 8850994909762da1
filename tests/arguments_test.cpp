/// What breaks a call's contract is refused before anything is written, with a sentence that names the argument.
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

/// The message of the exception that the call throws, or "" if it throws none.
template <class Exception = InvalidArgument, class F> std::string message_of(F&& call) {
  try {
    call();
  } catch (const Exception& e) {
    return e.what();
  }
  return "";
}

bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A call of cross_entropy on host memory that is right as it stands.
struct LossCall {
  float x[12] = {}, loss[3] = {}, gradient[12] = {};
  std::int64_t labels[3] = {}, valid = 0;
  std::uint8_t status[3] = {};
  MatrixView logits = view(x, 3, 4);
  VectorView label = vector_view(labels, 3);
  CrossEntropyOutput output;
  CrossEntropyOptions options;
  alignas(64) unsigned char memory[256] = {};
  Workspace workspace = {memory, sizeof memory};

  LossCall() {
    output.loss = mutable_vector_view(loss, 1);
    output.gradient = mutable_view(gradient, 3, 4);
    output.status = status;
    output.valid_rows = &valid;
  }
  std::string message() {
    return message_of([&] { cross_entropy(logits, label, output, options, workspace, host_stream); });
  }
};

template <class Spoil> void expect_refused(const char* part, Spoil&& spoil) {
  LossCall c;
  spoil(c);
  const std::string text = c.message();
  EXPECT_TRUE(mentions(text, part)) << "expected a sentence about " << part << ", got: " << text;
}

struct Arguments {
  float x[12] = {};
  float out[3] = {-7, -7, -7};
  std::int64_t labels[3] = {};
  RowsInput input = {view(x, 3, 4), view(x, 3, 4), vector_view(labels, 3)};
  RowsOutput output;
  RowsOptions options;
  MeasureSet measures = {Measure::kl};

  Arguments() { output.values = mutable_view(out, 3, 1); }
  std::string message() {
    const std::string text = message_of([&] { rows(measures, input, output, options, {}, host_stream); });
    if (!text.empty()) {
      EXPECT_EQ(out[0], -7) << "written although refused";
    }
    return text;
  }
};

TEST(Arguments, RowsRefusesWhatItCannotDo) {
  const auto refused = [](const char* part, auto&& spoil) {
    Arguments a;
    spoil(a);
    const std::string text = a.message();
    EXPECT_TRUE(mentions(text, part)) << "expected a sentence about " << part << ", got: " << text;
  };
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  refused("measures", [](Arguments& a) { a.measures = {}; });
  refused("P: data is null", [](Arguments& a) { a.input.p.data = nullptr; });
  refused("Q: data is null", [](Arguments& a) { a.input.q.data = nullptr; });
  refused("row_stride", [](Arguments& a) { a.input.p.row_stride = 3; });
  refused("must not be negative", [](Arguments& a) { a.input.p.rows = -1; });
  refused("64-bit", [](Arguments& a) { a.input.p.rows = kHuge, a.input.p.row_stride = 1 << 20; });
  refused("64-bit", [](Arguments& a) { a.input.p.rows = kHuge / 8, a.input.p.row_stride = 8; });
  refused("expected equal columns", [](Arguments& a) { a.input.q.cols = 3; });
  refused("equal rows", [](Arguments& a) { a.input.q.rows = 2; });
  refused("P: is int64", [](Arguments& a) { a.input.p.dtype = DType::i64; });
  refused("P: is float32", [](Arguments& a) { a.options.input_p = Input::counts; });
  refused("values", [](Arguments& a) { a.output.values.rows = 2; });
  refused("values", [](Arguments& a) { a.output.values.cols = 2, a.output.values.row_stride = 2; });
  refused("values", [](Arguments& a) { a.output.values.dtype = DType::f64; });
  refused("overlap", [](Arguments& a) { a.output.values.data = a.x + 2; });
  refused("status and P overlap",
          [](Arguments& a) { a.output.status = reinterpret_cast<std::uint8_t*>(a.x + 11) + 3; });
  refused("status and values overlap", [](Arguments& a) { a.output.status = reinterpret_cast<std::uint8_t*>(a.out); });
  refused("values and labels overlap",
          [](Arguments& a) { a.measures = {Measure::nll}, a.output.values.data = a.labels + 1; });
  refused("temperature", [](Arguments& a) { a.options.temperature = 0; });
  refused("temperature", [](Arguments& a) { a.options.temperature = kNaN; });
  refused("temperature", [](Arguments& a) { a.options.temperature = kInf; });
  refused("beta", [](Arguments& a) { a.options.beta = 0; });
  refused("beta", [](Arguments& a) { a.options.beta = 1; });
  refused("label_smoothing", [](Arguments& a) { a.options.label_smoothing = -0.1; });
  refused("label_smoothing", [](Arguments& a) { a.options.label_smoothing = 1.1; });
  refused("threads", [](Arguments& a) { a.options.execution.threads = -1; });
  refused("alpha: is not set, and renyi has no default", [](Arguments& a) { a.measures = {Measure::renyi}; });
  refused("alpha: is not set, and tsallis has no", [](Arguments& a) { a.measures = {Measure::kl, Measure::tsallis}; });
  for (double alpha : {0.0, -1.0, kNaN, kInf}) refused("alpha: is ", [=](Arguments& a) { a.options.alpha = alpha; });
  refused("labels: has 2", [](Arguments& a) { a.measures = {Measure::nll}, a.input.labels.size = 2; });
  refused("labels: is float32", [](Arguments& a) { a.measures = {Measure::nll}, a.input.labels.dtype = DType::f32; });
  refused("labels: data is null", [](Arguments& a) { a.measures = {Measure::nll}, a.input.labels.data = nullptr; });
  refused("measures: 33", [](Arguments& a) {
    for (int i = 0; i < 32; ++i) a.measures.push_back(Measure::tv);
  });
  refused("measures: 200", [](Arguments& a) { a.measures.push_back(static_cast<Measure>(200)); });
  Arguments fine;
  EXPECT_EQ(fine.message(), "");
  EXPECT_EQ(fine.out[0], 0);
}

TEST(Arguments, CrossEntropyRefusesWhatItCannotDo) {
  expect_refused("logits", [](LossCall& c) { c.logits.data = nullptr; });
  expect_refused("logits: is uint8", [](LossCall& c) { c.logits.dtype = DType::u8; });
  expect_refused("labels", [](LossCall& c) { c.label.size = 4; });
  expect_refused("loss: has 1", [](LossCall& c) { c.options.reduction = Reduction::none; });
  expect_refused("loss: is float64", [](LossCall& c) { c.output.loss.dtype = DType::f64; });
  expect_refused("gradient", [](LossCall& c) { c.output.gradient.cols = 3; });
  expect_refused("gradient", [](LossCall& c) { c.output.gradient.dtype = DType::bf16; });
  expect_refused("overlap", [](LossCall& c) { c.output.gradient.data = c.x + 1; });
  expect_refused("workspace", [](LossCall& c) { c.workspace = {}; });
  expect_refused("workspace", [](LossCall& c) { c.workspace.bytes = 8; });
  expect_refused("gradient_scale", [](LossCall& c) { c.options.gradient_scale = kInf; });
  expect_refused("z_loss", [](LossCall& c) { c.options.z_loss = -1; });
  expect_refused("softcap", [](LossCall& c) { c.options.softcap = -30; });
  expect_refused("class_weights: has 3", [](LossCall& c) { c.options.class_weights = vector_view(c.x, 3); });
  expect_refused("class_weights: is int64", [](LossCall& c) { c.options.class_weights = vector_view(c.labels, 4); });
  expect_refused("loss and class_weights overlap",
                 [](LossCall& c) { c.options.class_weights = vector_view(c.loss, 4); });
  EXPECT_EQ(LossCall().message(), "");
}

TEST(Arguments, WhatIsWrittenSharesNoMemory) {
  constexpr std::size_t kLast = sizeof(LossCall::x) - 1;
  const auto bytes = [](auto* data) { return reinterpret_cast<std::uint8_t*>(data); };
  expect_refused("loss and logits overlap", [](LossCall& c) { c.output.loss.data = c.x + 11; });
  expect_refused("loss and logits overlap", [](LossCall& c) {
    c.options.reduction = Reduction::none;
    c.logits.cols = c.output.gradient.cols = 1;
    c.output.loss = mutable_vector_view(c.x, 3);
  });
  expect_refused("loss and labels overlap", [](LossCall& c) { c.output.loss.data = c.labels; });
  expect_refused("gradient and loss overlap", [](LossCall& c) { c.output.loss.data = c.gradient; });
  expect_refused("gradient and labels overlap", [](LossCall& c) {  // the same bytes, but not the logits'
    c.logits.cols = c.logits.row_stride = c.output.gradient.cols = c.output.gradient.row_stride = 1;
    c.label = {c.gradient, DType::i32, 3};
  });
  expect_refused("status and logits overlap", [&](LossCall& c) { c.output.status = bytes(c.x) + kLast; });
  expect_refused("status and labels overlap", [&](LossCall& c) { c.output.status = bytes(c.labels) + 5; });
  expect_refused("status and gradient overlap", [&](LossCall& c) { c.output.status = bytes(c.gradient); });
  expect_refused("valid_rows and labels overlap", [](LossCall& c) { c.output.valid_rows = c.labels + 2; });
  expect_refused("workspace and logits overlap", [](LossCall& c) { c.workspace = {c.x, 256}; });
  expect_refused("workspace and gradient overlap",
                 [](LossCall& c) { c.logits.data = c.output.gradient.data = c.memory + 128; });
  expect_refused("workspace and loss overlap", [](LossCall& c) { c.output.loss.data = c.memory + 252; });
}

TEST(Arguments, EnumeratorsAreInRange) {
  const auto refused = [](const char* part, auto&& spoil) {
    Arguments a;
    spoil(a);
    const std::string text = a.message();
    EXPECT_TRUE(mentions(text, part)) << "expected a sentence about " << part << ", got: " << text;
  };
  refused("input_p: is 4, which is not an enumerator of Input", [](Arguments& a) { a.options.input_p = Input(4); });
  refused("input_q: is 9", [](Arguments& a) { a.options.input_q = Input(9); });
  refused("normalize: is 3", [](Arguments& a) { a.options.normalize = Normalize(3); });
  refused("unit: is 3", [](Arguments& a) { a.options.unit = Unit(3); });
  refused("mode: is 2", [](Arguments& a) { a.options.execution.mode = Mode(2); });
  refused("backend: is 3", [](Arguments& a) { a.options.execution.backend = Backend(3); });
  refused("P: is 77, which is not an enumerator of DType", [](Arguments& a) { a.input.p.dtype = DType(77); });
  expect_refused("reduction: is 3", [](LossCall& c) { c.options.reduction = Reduction(3); });
  expect_refused("labels: is 8", [](LossCall& c) { c.label.dtype = DType(8); });
  const float table[4] = {1, 1, 1, 1};
  double out = 0;
  MutualInformationOptions options;
  options.unit = Unit(200);
  EXPECT_TRUE(mentions(message_of([&] { mutual_information_joint(view(table, 2, 2), &out, options, {}, host_stream); }),
                       "unit: is 200"));
}

TEST(Arguments, ElementsAreAligned) {
  const auto shifted = [](auto* data, int bytes) {
    return reinterpret_cast<decltype(data)>(reinterpret_cast<std::uintptr_t>(data) +
                                            static_cast<std::uintptr_t>(bytes));
  };
  alignas(8) unsigned char memory[256] = {};
  void* const odd = memory + 4;
  expect_refused("logits: data is not aligned to its elements, expected a multiple of 4 bytes for float32",
                 [&](LossCall& c) { c.logits.data = memory + 1; });
  expect_refused("logits: data is not aligned to its elements, expected a multiple of 2 bytes for bfloat16",
                 [&](LossCall& c) { c.logits.data = memory + 1, c.logits.dtype = DType::bf16; });
  expect_refused("labels: data is not aligned", [&](LossCall& c) { c.label.data = odd; });
  expect_refused("loss: data is not aligned", [&](LossCall& c) { c.output.loss.data = memory + 2; });
  expect_refused("gradient: data is not aligned", [&](LossCall& c) { c.output.gradient.data = memory + 3; });
  expect_refused("valid_rows: data is not aligned",
                 [&](LossCall& c) { c.output.valid_rows = static_cast<std::int64_t*>(odd); });
  for (int bytes : {1, 2, 3}) {
    Arguments a;
    a.output.values.data = shifted(a.out, bytes);
    a.output.values.rows = a.input.q.rows = a.input.p.rows = 2;
    EXPECT_TRUE(mentions(a.message(), "values: data is not aligned"));
    Arguments b;
    b.input.p.data = shifted(b.x, bytes);
    EXPECT_TRUE(mentions(b.message(), "P: data is not aligned"));
  }
  double out[4] = {};
  const auto codes = vector_view(memory, 4);
  EXPECT_TRUE(mentions(message_of([&] {
                         mutual_information_pairs({odd, DType::i64, 2, 4, 4}, 2, {memory, DType::u8, 2, 4, 4}, 2, out,
                                                  {}, {}, host_stream);
                       }),
                       "x: data is not aligned"));
  EXPECT_TRUE(mentions(message_of([&] {
                         mutual_information_label({memory + 64, DType::u8, 4, 1, 1}, 2, codes, 2,
                                                  static_cast<double*>(odd), {}, {}, host_stream);
                       }),
                       "out: data is not aligned"));
  LossCall empty;  // nothing is read there
  empty.logits.rows = empty.label.size = empty.output.gradient.rows = 0;
  empty.output.gradient.data = memory + 1;
  empty.logits.data = empty.label.data = memory + 1;
  EXPECT_EQ(empty.message(), "");
}

TEST(Arguments, TheGradientMayReplaceTheLogits) {
  LossCall c;
  c.output.gradient.data = c.x;
  EXPECT_EQ(c.message(), "");
  EXPECT_FLOAT_EQ(c.x[0], -0.25f);  // (1/4 - 1) / 3
  LossCall one;                     // the stride of a single row says nothing
  one.logits.rows = one.label.size = one.output.gradient.rows = 1;
  one.output.gradient.data = one.x;
  one.output.gradient.row_stride = 100;
  EXPECT_EQ(one.message(), "");
  EXPECT_FLOAT_EQ(one.x[0], -0.75f);
  expect_refused("gradient and logits overlap", [](LossCall& wider) {
    wider.logits.rows = wider.label.size = wider.output.gradient.rows = 2;
    wider.output.gradient.data = wider.x;
    wider.output.gradient.row_stride = 5;
  });
}

TEST(Arguments, AMissingBackendSaysWhy) {
  Arguments a;
  a.options.execution.backend = Backend::cuda;
  const std::string text =
      message_of<BackendUnavailable>([&] { rows(a.measures, a.input, a.output, a.options, {}, host_stream); });
  const BackendStatus status = backend_status(Backend::cuda);
  EXPECT_EQ(status.available, text.empty());
  EXPECT_EQ(text.empty() ? "" : status.description, text);
  EXPECT_TRUE(backend_status(Backend::cpu).available);
}

TEST(Arguments, NamesOfMeasuresGoBothWays) {
  for (Measure m : kAllMeasures) EXPECT_EQ(parse_measure(measure_info(m).name), m);
  EXPECT_EQ(parse_measure("surprisal"), Measure::nll);
  EXPECT_FALSE(parse_measure("renyi2").has_value());
  EXPECT_FALSE(parse_measure("").has_value());
}

}  // namespace
}  // namespace kullback::test
