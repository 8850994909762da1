#include "kullback/error.hpp"

namespace kullback {

// Defined here so that one copy of each type's vtable exists and catch works across shared libraries.
Error::~Error() = default;
InvalidArgument::~InvalidArgument() = default;
BackendUnavailable::~BackendUnavailable() = default;
DeviceError::~DeviceError() = default;

}  // namespace kullback
