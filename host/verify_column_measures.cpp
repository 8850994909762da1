#include "host/column_arguments.hpp"
#include "host/contract.hpp"
#include "host/findings.hpp"
#include "host/reference/real.hpp"
#include "host/reference/reference.hpp"
#include "kullback/verify.hpp"

namespace kullback {
namespace {

using reference::Binary128;
using reference::Estimate;

/// expected(row): the reference's value in nats.
template <class Expected>
VerifyReport verify_values(const char* what, const MutableVectorView& values, std::int64_t cols, Unit unit,
                           const VerifyOptions& verify, Expected expected) {
  const Binary128 per_nat = reference::per_nat<Binary128>(unit);
  const Bound bound = {kColumnUnits, static_cast<double>(cols) * smallest_normal(values.dtype)};
  return verify_sample(values.size, verify, {what}, [&](std::int64_t row, Findings& found) {
    const Estimate<Binary128> nats = expected(row);
    const Estimate<Binary128> scaled = {nats.value * per_nat, nats.error * per_nat, nats.magnitude * per_nat};
    const double got = reference::read_real<double>(values.data, values.dtype, row);
    found.add(0, row, -1, judge(got, scaled, bound, values.dtype, values.dtype));
  });
}

}  // namespace

VerifyReport verify_gaussian_kl(MatrixView p, MatrixView q, MutableVectorView values, const GaussianKlOptions& options,
                                const VerifyOptions& verify) {
  check_gaussian_kl(p, q, values, options);
  return verify_values("gaussian_kl", values, p.cols, options.unit, verify,
                       [&](std::int64_t row) { return reference::gaussian_kl<Binary128>(p, q, row); });
}

VerifyReport verify_binary_cross_entropy(MatrixView targets, MatrixView q, MutableVectorView values,
                                         const BinaryCrossEntropyOptions& options, const VerifyOptions& verify) {
  check_binary_cross_entropy(targets, q, values, options);
  return verify_values("bce", values, q.cols, options.unit, verify, [&](std::int64_t row) {
    return reference::binary_cross_entropy<Binary128>(targets, q, options, row);
  });
}

}  // namespace kullback
