#pragma once

#include <string>
#include <vector>

#include "apis/machinery/meta/object.h"

namespace gantry::kubectl {

// An object for people: its fields as indented `Label:  value` lines and its events. `now` is for
// ages.
std::string DescribeObject(const Object& object, const std::vector<Object>& events, WallTime now);

// `containerPort` as `Container Port`, `hostIP` as `Host IP`; a key with other characters as it is.
std::string LabelOf(const std::string& key);

}  // namespace gantry::kubectl
