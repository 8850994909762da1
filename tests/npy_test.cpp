// The .npy reader: what np.save writes is read, everything else is refused with one sentence that names the file.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "host/array_file.hpp"
#include "host/npy_header.hpp"
#include "host/safetensors_header.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

std::string npy(const std::string& dict, const std::string& data, int version = 1) {
  std::string file("\x93NUMPY", 6);
  file += {static_cast<char>(version), '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(dict.size() >> (8 * i) & 0xff);
  return file + dict + data;
}

std::string dict(const std::string& descr, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

template <class T> std::string bytes_of(std::initializer_list<T> values) {
  std::string bytes;
  for (const T& v : values) bytes.append(reinterpret_cast<const char*>(&v), sizeof(T));
  return bytes;
}

std::string fault(const std::string& file) {
  try {
    parse_npy_header(file, "x.npy");
  } catch (const InvalidArgument& e) {
    return e.what();
  }
  return "";
}

void expect_fault(const std::string& file, const std::string& part) {
  const std::string what = fault(file);
  EXPECT_EQ(what.rfind("x.npy: ", 0), 0u) << "no fault found, expected: " << part;
  EXPECT_NE(what.find(part), std::string::npos) << "'" << what << "' lacks '" << part << "'";
  EXPECT_EQ(what.find('\n'), std::string::npos) << what;
}

class NpyFile : public testing::Test {
 protected:
  void SetUp() override { directory_ = std::filesystem::temp_directory_path() / ("kullback_npy_" + unique()); }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& bytes) {
    std::filesystem::create_directories(directory_);
    const std::string path = directory_ / "a.npy";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string unique() {
    return std::to_string(getpid()) + testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  std::filesystem::path directory_;
};

TEST(NpyHeader, ReadsWhatNumpyWrites) {
  struct Case {
    const char* descr;
    ElementType type;
    std::size_t size;
  };
  const Case cases[] = {{"|b1", ElementType::boolean, 1}, {"|i1", ElementType::i8, 1},   {"|u1", ElementType::u8, 1},
                        {"<i2", ElementType::i16, 2},     {"<u2", ElementType::u16, 2},  {"<i4", ElementType::i32, 4},
                        {"<u4", ElementType::u32, 4},     {"<i8", ElementType::i64, 8},  {"<u8", ElementType::u64, 8},
                        {"<f2", ElementType::f16, 2},     {"<V2", ElementType::bf16, 2}, {"|V2", ElementType::bf16, 2},
                        {"<f4", ElementType::f32, 4},     {"<f8", ElementType::f64, 8},  {"=f4", ElementType::f32, 4}};
  for (const Case& c : cases) {
    for (int version : {1, 2, 3}) {
      const std::string text = dict(c.descr, "(2, 3)");
      const ArrayHeader h = parse_npy_header(npy(text, std::string(6 * c.size, 'x'), version), "x.npy");
      EXPECT_EQ(h.type, c.type) << c.descr;
      EXPECT_EQ(h.shape, (std::vector<std::int64_t>{2, 3}));
      EXPECT_EQ(h.elements, 6);
      EXPECT_EQ(h.data_offset, text.size() + (version == 1 ? 10 : 12));
    }
  }
}

TEST(NpyHeader, ReadsEveryShape) {
  const auto shape = [](const std::string& tuple, std::size_t elements) {
    return parse_npy_header(npy(dict("|u1", tuple), std::string(elements, '\0')), "x.npy").shape;
  };
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(shape("()", 1), Shape{});
  EXPECT_EQ(shape("(5,)", 5), Shape{5});
  EXPECT_EQ(shape("(0,)", 0), Shape{0});
  EXPECT_EQ(shape("(3L, 2L)", 6), (Shape{3, 2}));  // Python 2
  EXPECT_EQ(shape("( 3 ,2,\t1 , )", 6), (Shape{3, 2, 1}));
  EXPECT_EQ(shape("(0, 7)", 0), (Shape{0, 7}));
  EXPECT_EQ(shape("(1000000, 0)", 0), (Shape{1000000, 0}));
}

TEST(NpyHeader, AcceptsKeysInAnyOrderAndQuotes) {
  const std::string text = R"({"shape":(2,),"fortran_order":False,"descr":"<f4"})";
  EXPECT_EQ(parse_npy_header(npy(text, std::string(8, '\0')), "x.npy").elements, 2);
}

TEST(NpyHeader, FortranOrderOfOneAxisIsCOrder) {
  for (const char* shape : {"(3,)", "(3, 1)", "(1, 3)", "(1, 3, 1)", "()"}) {
    const std::size_t bytes = std::string(shape) == "()" ? 4 : 12;
    EXPECT_EQ(fault(npy(dict("<f4", shape, "True"), std::string(bytes, '\0'))), "") << shape;
  }
  EXPECT_EQ(fault(npy(dict("<f4", "(0, 3, 2)", "True"), "")), "");
  expect_fault(npy(dict("<f4", "(3, 2)", "True"), std::string(24, '\0')), "Fortran order");
}

TEST(NpyHeader, RefusesBytesThatAreNotNpy) {
  expect_fault("", "empty");
  expect_fault("\x93NUM", "not a .npy file");
  expect_fault("PK\x03\x04 and the rest of a zip", "not a .npy file");
  expect_fault(std::string("\x93NUMPY", 6), "truncated");
  expect_fault(std::string("\x93NUMPY\x01\x00\x76", 9), "truncated");
  expect_fault(std::string("\x93NUMPY\x02\x00\x76\x00", 10), "truncated");
  expect_fault(npy(dict("<f4", "(1,)"), "1234", 4), "version 4");
  expect_fault(std::string("\x93NUMPY\x00\x00\x10\x00", 10) + std::string(16, ' '), "version 0");
  // The header's length lies.
  expect_fault(std::string("\x93NUMPY\x01\x00\xff\xff", 10) + dict("<f4", "(1,)"), "65535 bytes long");
  expect_fault(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12) + dict("<f4", "(1,)"), "4294967295 bytes long");
}

TEST(NpyHeader, RefusesMalformedDicts) {
  const char* malformed[] = {
      "",
      "{",
      "}",
      "{}",
      "[]",
      "None",
      "{'descr'",
      "{'descr':",
      "{'descr': '<f4",
      "{'descr': '<f4'",
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': '<f4', 'shape': (1,)}",
      "{'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (0x1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': ('1',)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os'),)}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': false, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': Falsey, 'shape': (1,)}",
      "{'descr': 'a\\'b', 'fortran_order': False, 'shape': (1,)}",
      "{descr: '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4',, 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}}",
      "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
  };
  for (const char* text : malformed) expect_fault(npy(text, "1234"), "header");
  expect_fault(npy(dict("<f4", "(1,)") + '\xff', "1234"), "plain text");
  expect_fault(npy(dict("<f4\xc3\xa9", "(1,)"), "1234"), "plain text");
  expect_fault(npy(dict("<f4", "(1,)") + std::string(1, '\0'), "1234"), "plain text");
}

TEST(NpyHeader, RefusesDtypesThatAreNoNumbersOfOurs) {
  expect_fault(npy(dict(">f4", "(1,)"), "1234"), "big endian");
  expect_fault(npy(dict(">i8", "(1,)"), "12345678"), "big endian");
  expect_fault(npy(dict("|O", "(1,)"), "12345678"), "Python objects");
  for (const char* descr :
       {"<c8", "<U4", "|S4", "<M8[ns]", "<V4", "|V1", "<f16", "<f1", "<i16", "f4", "<f", "<", "", "|f4", "float32"})
    expect_fault(npy(dict(descr, "(1,)"), "12345678"), "dtype '" + std::string(descr) + "' is not supported");
  expect_fault(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234"), "structured");
  expect_fault(npy("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,)}", "1234"), "structured");
}

TEST(NpyHeader, RefusesShapesThatLie) {
  expect_fault(npy(dict("<f4", "(-1,)"), "1234"), "negative");
  expect_fault(npy(dict("<f4", "(2, -1)"), "1234"), "negative");
  expect_fault(npy(dict("<f4", "(9223372036854775808,)"), "1234"), "64 bits");
  expect_fault(npy(dict("<f4", "(99999999999999999999999999,)"), "1234"), "64 bits");
  expect_fault(npy(dict("<f4", "(4611686018427387905,)"), "1234"), "64 bits");   // 2^62 + 1: the bytes wrap to 4
  expect_fault(npy(dict("|u1", "(4294967296, 4294967296)"), ""), "64 bits");     // 2^64: wraps to 0
  expect_fault(npy(dict("|u1", "(4294967296, 4294967296, 0)"), ""), "64 bits");  // rows alone overflow
  expect_fault(npy(dict("<f8", "(1152921504606846976,)"), ""), "64 bits");       // 2^60 * 8
  expect_fault(npy(dict("<f4", "(1099511627776,)"), "1234"), "truncated");       // 4 TB announced, 4 bytes there
  expect_fault(npy(dict("<f4", "(2, 2)"), std::string(15, '\0')), "truncated");
  expect_fault(npy(dict("<f4", "(2, 2)"), ""), "truncated");
  expect_fault(npy(dict("<f4", "(2, 2)"), std::string(17, '\0')), "1 extra bytes");
  expect_fault(npy(dict("<f4", "(0,)"), "1"), "1 extra bytes");
  std::string many = "(";
  for (int i = 0; i < 65; ++i) many += "1,";
  expect_fault(npy(dict("<f4", many + ")"), "1234"), "64 dimensions");
}

// Every prefix of a good file and every file with one byte changed: a fault or a header that fits, never a crash.
TEST(NpyHeader, SurvivesTruncationAndFlippedBytes) {
  const std::string good = npy(dict("<f4", "(2, 3)"), std::string(24, '\0'));
  ASSERT_EQ(fault(good), "");
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_NE(fault(good.substr(0, n)), "") << n;
  constexpr unsigned kSeed = 1;
  std::mt19937 random(kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good;
    for (unsigned k = random() % 3 + 1; k > 0; --k) bad[random() % bad.size()] = static_cast<char>(random());
    try {
      const ArrayHeader h = parse_npy_header(bad, "x.npy");
      EXPECT_EQ(h.data_offset + static_cast<std::size_t>(h.elements) * element_size_of(h.type), bad.size());
    } catch (const InvalidArgument& e) {
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  }
}

std::string safetensors(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

TEST(SafetensorsHeader, ReadsTheTensorThatIsNamed) {
  const std::string file =
      safetensors(R"({"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
                  R"("b":{"dtype":"I32","shape":[],"data_offsets":[0,4]}})",
                  std::string(16, 'x'));
  const ArrayHeader a = parse_safetensors_header(file, "x", "a");
  EXPECT_EQ(a.type, ElementType::bf16);
  EXPECT_EQ(a.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(a.elements, 6);
  EXPECT_EQ(a.data_offset, file.size() - 12);
  EXPECT_EQ(parse_safetensors_header(file, "x", "b").elements, 1);
}

TEST(SafetensorsHeader, NamesAreWhatFollowsTheEnding) {
  const auto expect = [](const std::string& path, bool is, const std::string& file, const std::string& tensor) {
    const TensorPath place = tensor_path(path);
    EXPECT_EQ(place.is_safetensors, is) << path;
    EXPECT_EQ(place.file, file);
    EXPECT_EQ(place.tensor, tensor);
  };
  expect("a.npy", false, "a.npy", "");
  expect("a.safetensors", true, "a.safetensors", "");
  expect("b:c/a.safetensors:model.x:y", true, "b:c/a.safetensors", "model.x:y");
  expect("a.safetensors.npy", false, "a.safetensors.npy", "");
}

// Every prefix of a good file and every file with a few bytes changed: a fault or a tensor that lies in the file.
TEST(SafetensorsHeader, SurvivesTruncationAndFlippedBytes) {
  const std::string good =
      safetensors(R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})", std::string(24, '\0'));
  for (std::size_t n = 0; n < good.size(); ++n) {
    EXPECT_THROW(parse_safetensors_header(good.substr(0, n), "x", "a"), InvalidArgument) << n;
  }
  constexpr unsigned kSeed = 2;
  std::mt19937 random(kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good;
    for (unsigned k = random() % 3 + 1; k > 0; --k) bad[random() % bad.size()] = static_cast<char>(random());
    try {
      const ArrayHeader h = parse_safetensors_header(bad, "x", "");
      EXPECT_LE(h.data_offset + static_cast<std::size_t>(h.elements) * element_size_of(h.type), bad.size());
    } catch (const InvalidArgument& e) {
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(NpyHeader, WritesWhatNumpyWrites) {
  // The first 128 bytes of np.save(f, np.zeros((3, 2))) with NumPy 1.26.
  std::string frozen =
      std::string("\x93NUMPY\x01\x00v\x00", 10) + "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }";
  frozen += std::string(127 - frozen.size(), ' ') + "\n";
  EXPECT_EQ(npy_header_f64({3, 2}), frozen);
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{}, {1}, {0}, {5}, {2, 3}, {0, 4}, {1, 2, 3}}) {
    std::int64_t elements = 1;
    for (std::int64_t n : shape) elements *= n;
    const std::string text = npy_header_f64(shape);
    EXPECT_EQ(text.size() % 64, 0u);
    const ArrayHeader h = parse_npy_header(text + std::string(8 * elements, '\0'), "x.npy");
    EXPECT_EQ(h.shape, shape);
    EXPECT_EQ(h.type, ElementType::f64);
  }
}

TEST_F(NpyFile, MapsRows) {
  const ArrayFile a(write(npy(dict("<f4", "(2, 3)") + std::string(64 - (10 + dict("<f4", "(2, 3)").size()) % 64, ' '),
                              bytes_of<float>({1, 2, 3, 4, 5, 6}))));
  const MatrixView m = a.matrix();
  EXPECT_EQ(m.rows, 2);
  EXPECT_EQ(m.cols, 3);
  EXPECT_EQ(m.row_stride, 3);
  EXPECT_EQ(m.dtype, DType::f32);
  EXPECT_EQ(static_cast<const float*>(m.data)[5], 6.0f);
  a.prefetch(m.data, 24);
  a.release(m.data, 24);
  EXPECT_EQ(static_cast<const float*>(m.data)[0], 1.0f);
}

TEST_F(NpyFile, OneAxisIsOneRowAndThreeAxesAreRowsOfTheLast) {
  const MatrixView one = ArrayFile(write(npy(dict("<f8", "(3,)"), bytes_of<double>({1, 2, 3})))).matrix();
  EXPECT_EQ(one.rows, 1);
  EXPECT_EQ(one.cols, 3);
  const MatrixView three = ArrayFile(write(npy(dict("|u1", "(2, 3, 4)"), std::string(24, 'x')))).matrix();
  EXPECT_EQ(three.rows, 6);
  EXPECT_EQ(three.cols, 4);
  EXPECT_THROW(ArrayFile(write(npy(dict("<f8", "()"), bytes_of<double>({1})))).matrix(), InvalidArgument);
}

// Header lengths that put the data at every address modulo 8: elements must stay readable.
TEST_F(NpyFile, MisalignedDataAreCopied) {
  for (std::size_t padding = 0; padding < 8; ++padding) {
    const ArrayFile a(write(npy(dict("<f8", "(2,)") + std::string(padding, ' '), bytes_of<double>({1.5, -2.5}))));
    const auto* data = static_cast<const double*>(a.matrix().data);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % 8, 0u);
    EXPECT_EQ(data[0], 1.5);
    EXPECT_EQ(data[1], -2.5);
  }
}

TEST_F(NpyFile, ConvertsTheOtherIntegers) {
  const auto values = [&](const std::string& file) {
    const ArrayFile a(write(file));
    EXPECT_EQ(a.dtype(), DType::i64);
    const auto* data = static_cast<const std::int64_t*>(a.vector().data);
    return std::vector<std::int64_t>(data, data + a.size());
  };
  using Values = std::vector<std::int64_t>;
  EXPECT_EQ(values(npy(dict("|b1", "(2,)"), bytes_of<std::uint8_t>({1, 0}))), (Values{1, 0}));
  EXPECT_EQ(values(npy(dict("|i1", "(2,)"), bytes_of<std::int8_t>({-128, 127}))), (Values{-128, 127}));
  EXPECT_EQ(values(npy(dict("<i2", "(2,)"), bytes_of<std::int16_t>({-32768, 7}))), (Values{-32768, 7}));
  EXPECT_EQ(values(npy(dict("<u4", "(1,)"), bytes_of<std::uint32_t>({4294967295u}))), (Values{4294967295}));
  EXPECT_EQ(values(npy(dict("<u8", "(1,)"), bytes_of<std::uint64_t>({9223372036854775807u}))),
            (Values{9223372036854775807}));
  EXPECT_THROW(ArrayFile(write(npy(dict("<u8", "(1,)"), bytes_of<std::uint64_t>({9223372036854775808u})))),
               InvalidArgument);
  EXPECT_NE(ArrayFile(write(npy(dict("<u8", "(0,)"), ""))).vector().data, nullptr);
}

TEST_F(NpyFile, ReadsBfloat16EitherWay) {
  const std::string bits = bytes_of<std::uint16_t>({0x3f80});
  EXPECT_EQ(ArrayFile(write(npy(dict("<V2", "(1,)"), bits))).dtype(), DType::bf16);
  EXPECT_EQ(ArrayFile(write(npy(dict("<u2", "(1,)"), bits))).dtype(), DType::u16);
  EXPECT_EQ(ArrayFile(write(npy(dict("<u2", "(1,)"), bits)), true).dtype(), DType::bf16);
}

TEST_F(NpyFile, NamesTheFileItCannotRead) {
  const auto expect = [](const std::string& path, const std::string& part) {
    try {
      ArrayFile array(path);
      FAIL() << path << " was read";
    } catch (const InvalidArgument& e) {
      EXPECT_EQ(std::string(e.what()).rfind(path + ": ", 0), 0u) << e.what();
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  expect("/nonexistent/a.npy", "No such file");
  expect(write(""), "empty");
  expect(directory_.string(), "directory");
  expect("/dev/null", "not a regular file");
}

TEST_F(NpyFile, TellsWhichMappedFileAnAddressBelongsTo) {
  const std::string path = write(npy(dict("|u1", "(2,)"), bytes_of<std::uint8_t>({1, 2})));
  const void* inside = nullptr;
  {
    const ArrayFile array(path);
    inside = array.vector().data;
    ASSERT_NE(mapped_file_at(inside), nullptr);
    EXPECT_EQ(mapped_file_at(inside), path);
    EXPECT_EQ(mapped_file_at(&array), nullptr);
  }
  EXPECT_EQ(mapped_file_at(inside), nullptr);
}

}  // namespace
}  // namespace kullback
