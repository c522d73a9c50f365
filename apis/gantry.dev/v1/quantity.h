#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apis/machinery/base/json.h"

// Amounts as Kubernetes writes them: `500m`, `2`, `1.5`, `512Mi`, `1G`, `1e3`.
namespace gantry::v1 {

// In thousandths, rounded up; nothing for what is no amount or is too large (above some 9 * 10^15).
std::optional<int64_t> ParseQuantity(std::string_view text);
// A JSON string or number.
std::optional<int64_t> QuantityOf(const Json& value);

// 1500 is `1500m`, 2000 is `2`.
std::string FormatQuantity(int64_t thousandths);
// Of bytes, with the largest binary unit that leaves a whole number: `512Mi`.
std::string FormatBytes(int64_t thousandths);

}  // namespace gantry::v1
