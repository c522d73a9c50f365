#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <string_view>

namespace gantry::apiserver {

// Whether the bytes of a message have more than `limit` fields, those of messages inside it
// included, known or not: what the library makes of two bytes takes fifty times as much memory.
// Bytes that do not decode are counted up to their fault.
bool HasManyFields(std::string_view message, const ::google::protobuf::Descriptor& type,
                   size_t limit);

}  // namespace gantry::apiserver
