#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "apis/client/transport.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/base/random.h"
#include "apis/machinery/meta/gvk.h"
#include "apis/machinery/schema/conversion.h"

namespace gantry::apiserver {

// Brings objects of one kind into one of its versions. Thread-safe.
class Converter {
 public:
  virtual ~Converter() = default;
  // The objects in the version `to`, in order. Blocks, for half a minute at most. kInternal, with
  // the reason, when the webhook fails, refuses or answers what it may not.
  virtual Result<std::vector<Json>> Convert(std::vector<Json> objects,
                                            const GroupVersion& to) const = 0;
};

// How to reach a webhook. Called at the first conversion, from any thread.
using WebhookTransports = std::function<Result<std::shared_ptr<client::Transport>>(
    const schema::WebhookConversion& webhook)>;

// A converter that asks the webhook of a kind. `random` must outlive it.
std::shared_ptr<const Converter> NewWebhookConverter(const GroupKind& kind,
                                                     const schema::WebhookConversion& webhook,
                                                     WebhookTransports transports, Random* random);

}  // namespace gantry::apiserver
