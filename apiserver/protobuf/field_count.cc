#include "apiserver/protobuf/field_count.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace gantry::apiserver {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::internal::WireFormatLite;
using ::google::protobuf::io::CodedInputStream;

// Counts down from what is left; false when nothing is, or when the bytes make no sense.
bool Count(CodedInputStream* in, const Descriptor& type, size_t* left) {
  int groups = 0;  // those that are open
  while (const uint32_t tag = in->ReadTag()) {
    if (*left == 0) return false;
    --*left;
    const auto wire = WireFormatLite::GetTagWireType(tag);
    // No field of ours is a group: what is within one is counted, and is no message that we know.
    if (wire == WireFormatLite::WIRETYPE_START_GROUP) ++groups;
    if (wire == WireFormatLite::WIRETYPE_END_GROUP) --groups;
    if (wire == WireFormatLite::WIRETYPE_START_GROUP || wire == WireFormatLite::WIRETYPE_END_GROUP)
      continue;
    const FieldDescriptor* const field =
        type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    const bool nested = groups == 0 && wire == WireFormatLite::WIRETYPE_LENGTH_DELIMITED &&
                        field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE;
    if (!nested) {
      if (!WireFormatLite::SkipField(in, tag)) return false;
      continue;
    }
    int size = 0;
    if (!in->ReadVarintSizeAsInt(&size)) return false;
    const auto [outer, depth] = in->IncrementRecursionDepthAndPushLimit(size);
    if (depth < 0 || !Count(in, *field->message_type(), left)) return false;
    if (!in->DecrementRecursionDepthAndPopLimit(outer)) return false;
  }
  return true;
}

}  // namespace

bool HasManyFields(std::string_view message, const Descriptor& type, size_t limit) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                      static_cast<int>(message.size()));
  size_t left = limit;
  return !Count(&in, type, &left) && left == 0;
}

}  // namespace gantry::apiserver
