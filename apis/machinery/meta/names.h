#pragma once

#include <string>
#include <string_view>

// Kubernetes' name formats. Each returns an empty string when `text` is fine, else what is allowed.
namespace gantry {

// RFC 1123 label: at most 63 of a-z 0-9 -, starting and ending alphanumeric.
std::string ValidateDnsLabel(std::string_view text);
// RFC 1123 subdomain: at most 253, labels joined by dots. Names of objects.
std::string ValidateDnsSubdomain(std::string_view text);
// [prefix/]name: label keys, annotation keys, finalizers.
std::string ValidateQualifiedName(std::string_view text);
std::string ValidateLabelValue(std::string_view text);

}  // namespace gantry
