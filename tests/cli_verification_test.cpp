// What --verify says and returns when the reference disagrees, which no run of a correct build can show.
#include <gtest/gtest.h>

#include "host/cli/verification.hpp"

namespace kullback::cli {
namespace {

TEST(Verification, NamesTheWrongValuesAndReturnsThree) {
  VerifyReport report;
  report.rows_checked = 9;
  report.rows_wrong = 1;
  report.wrong.push_back({"kl", 5, -1, 0.25, 0.5, 4194304, 128});
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_verification(report, 9, "rows", true), 3);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "kullback: --verify checked 9 rows against the reference: 1 outside the contract\n"
            "  kl of row 5: got 0.25, expected 0.5 (error 4.194e+06 u, allowed 128 u)\n");
}

TEST(Verification, SaysHowMuchWasChecked) {
  VerifyReport report;
  report.rows_checked = 32;
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_verification(report, 1000, "rows", false), 0);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "verified 32 of 1000 rows against the reference: all within the contract\n");
}

TEST(Verification, ChecksFewerRowsTheLongerTheyAre) {
  EXPECT_EQ(verify_sample(10).max_rows, 4096);
  EXPECT_EQ(verify_sample(131072).max_rows, 32);
  EXPECT_EQ(verify_sample(0).max_rows, 4096);
}

}  // namespace
}  // namespace kullback::cli
