#include <cstdio>
#include <kullback/kullback.hpp>

int main() {
  // Logits of two models for the same 2 tokens, over a vocabulary of 3.
  const float p[2][3] = {{2, 1, 0}, {0, 0, 0}};
  const float q[2][3] = {{1, 2, 0}, {0, 0, 0}};
  float result[2][3];  // a row for each token, a column for each measure

  using kullback::Measure;
  const kullback::RowsInput input = {kullback::view(*p, 2, 3), kullback::view(*q, 2, 3), {}};
  const kullback::RowsOutput output = {kullback::mutable_view(*result, 2, 3)};
  kullback::rows({Measure::kl, Measure::js, Measure::top1_agree}, input, output, {}, {}, kullback::host_stream);

  for (const auto& [kl, js, agree] : result) std::printf("kl %.6f  js %.6f  same top token %g\n", kl, js, agree);
}
