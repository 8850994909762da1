#pragma once

#include <stdexcept>

#include "kullback/export.hpp"

namespace kullback {

/// Base of everything the library throws. what() is one sentence: what is wrong, where, what was expected.
class KULLBACK_EXPORT Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// An argument breaks the call's contract. Thrown on the host before anything is launched or written.
class KULLBACK_EXPORT InvalidArgument : public Error {
 public:
  using Error::Error;
  ~InvalidArgument() override;
};

/// The backend asked for is not in this build or has no device here; what() says which and why.
class KULLBACK_EXPORT BackendUnavailable : public Error {
 public:
  using Error::Error;
  ~BackendUnavailable() override;
};

/// The device reported an error. what() tells one that was already pending before the call from one of the call's own.
class KULLBACK_EXPORT DeviceError : public Error {
 public:
  using Error::Error;
  ~DeviceError() override;
};

}  // namespace kullback
