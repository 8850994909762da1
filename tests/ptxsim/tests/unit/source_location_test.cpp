/// Reports name the program's source: the place of the code, and the kernel's line into which it was inlined.
#include "ptx/source_location.hpp"

#include "tests/unit/machine.hpp"

namespace ptxsim::test {
namespace {

TEST(SourceLocation, PlainAndInlined) {
  SourceLocations locations;
  locations.name_file(1, "/long/path/kernel.cu");
  locations.name_file(2, "reduce.cuh");
  locations.name_file(3, "shuffle.cuh");
  const unsigned call = locations.add(1, 20, 5);
  const unsigned middle = locations.add_inlined(2, 7, 3, 1, 20, 5);
  const unsigned inner = locations.add_inlined(3, 99, 1, 2, 7, 3);
  EXPECT_EQ("kernel.cu:20", locations.describe(call));
  EXPECT_EQ("reduce.cuh:7 inlined into kernel.cu:20", locations.describe(middle));
  EXPECT_EQ("shuffle.cuh:99 inlined into kernel.cu:20", locations.describe(inner));
  EXPECT_EQ("shuffle.cuh:99", locations.innermost(inner));
  EXPECT_EQ("unknown source", locations.describe(0));
}

TEST(SourceLocation, InReports) {
  Program program(R"(
    .visible .entry _Z5stopsi(.param .u32 x)
    {
      .loc 1 30 3
      .loc 2 5 1, function_name $L__info_string0, inlined_at 1 30 3
      trap;
    }
    .file 1 "/src/kernel.cu"
    .file 2 "/src/helpers.cuh"
    .section .debug_str { $L__info_string0: .b8 95, 90, 0 }
  )");
  EXPECT_EQ(Fault::launch_failure, program.launch("_Z5stopsi", {{1}, {1}}, std::uint32_t{0}));
  const auto reports = take_reports();
  ASSERT_EQ(1u, reports.size());
  EXPECT_EQ("TRAP: block(0,0,0) thread(0,0,0) of stops at helpers.cuh:5 inlined into kernel.cu:30 (PTX line 9)",
            reports[0]);
}

}  // namespace
}  // namespace ptxsim::test
