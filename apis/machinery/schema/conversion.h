#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/schema/reader.h"

namespace gantry::schema {

// `spec.conversion` with the strategy Webhook: who converts objects between versions.
struct WebhookConversion {
  std::string server;  // https://host:port
  std::string path;    // and query; begins with a slash
  std::string ca_pem;  // whom to trust; empty: what the machine trusts
  // The versions of ConversionReview that it understands, the most wanted first.
  std::vector<std::string> review_versions;

  bool operator==(const WebhookConversion&) const = default;
};

// Reads `spec.conversion`; empty for the strategy None.
std::optional<WebhookConversion> ParseConversion(const Reader& spec);

}  // namespace gantry::schema
