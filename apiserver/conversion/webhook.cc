#include <fmt/format.h>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/conversion/converter.h"

namespace gantry::apiserver {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(30);
constexpr char kReviewGroup[] = "apiextensions.k8s.io/";

// The version of ConversionReview to speak: the first that both sides know.
std::string ReviewVersion(const schema::WebhookConversion& webhook) {
  for (const std::string& version : webhook.review_versions) {
    if (version == "v1" || version == "v1beta1") return kReviewGroup + version;
  }
  return std::string(kReviewGroup) + "v1";
}

// An empty text when `converted` may stand for `original`.
std::string CheckIdentity(const Json& original, const Json& converted, const std::string& version) {
  if (!converted.is_object()) return "must be an object";
  if (const std::string have = GetString(converted, "apiVersion"); have != version) {
    return fmt::format("invalid groupVersion \"{}\", must be \"{}\"", have, version);
  }
  if (GetString(converted, "kind") != GetString(original, "kind")) {
    return fmt::format("invalid kind \"{}\", must be \"{}\"", GetString(converted, "kind"),
                       GetString(original, "kind"));
  }
  if (!GetAny(converted, "metadata").is_object()) return "invalid metadata: must be an object";
  for (const char* field : {"name", "namespace", "uid"}) {
    const std::string want = GetString(GetObject(original, "metadata"), field);
    const std::string have = GetString(GetObject(converted, "metadata"), field);
    if (want != have) {
      return fmt::format("metadata.{}: must not be changed from \"{}\" to \"{}\"", field, want,
                         have);
    }
  }
  return "";
}

// A webhook may change labels and annotations, and nothing else of metadata.
void RestoreMetadata(const Json& original, Json* converted) {
  Json meta = GetObject(original, "metadata");
  const Json& changed = GetObject(*converted, "metadata");
  for (const char* field : {"labels", "annotations"}) {
    meta.erase(field);
    const Json& value = GetAny(changed, field);
    if (value.is_object() && !value.empty()) meta[field] = value;
  }
  (*converted)["metadata"] = std::move(meta);
}

class WebhookConverter : public Converter {
 public:
  WebhookConverter(const GroupKind& kind, const schema::WebhookConversion& webhook,
                   WebhookTransports transports, Random* random)
      : kind_(kind), webhook_(webhook), transports_(std::move(transports)), random_(random) {}

  Result<std::vector<Json>> Convert(std::vector<Json> objects,
                                    const GroupVersion& to) const override {
    if (objects.empty()) return objects;
    Result<std::vector<Json>> converted = Ask(objects, to.ToString());
    if (converted.ok()) return converted;
    return Error(Code::kInternal, fmt::format("conversion webhook for {}, Kind={} failed: {}",
                                              GetString(objects.front(), "apiVersion"), kind_.kind,
                                              converted.error().message));
  }

 private:
  Result<std::vector<Json>> Ask(const std::vector<Json>& objects, const std::string& to) const {
    const std::string uid = NewUuid(random_);
    const Json review = {
        {"kind", "ConversionReview"},
        {"apiVersion", ReviewVersion(webhook_)},
        {"request", {{"uid", uid}, {"desiredAPIVersion", to}, {"objects", objects}}}};
    GANTRY_TRY_SET(const std::shared_ptr<client::Transport> transport, Transport());
    const client::HttpRequest request{
        "POST",
        webhook_.path,
        {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
        DumpJson(review)};
    GANTRY_TRY_SET(const client::HttpResponse answer,
                   transport->Do(Context().WithTimeout(kTimeout), request));
    if (answer.status != 200) {
      return Error(Code::kInternal, fmt::format("POST {}{}: the server answered {}",
                                                webhook_.server, webhook_.path, answer.status));
    }
    GANTRY_TRY_SET(Json document, ParseJson(answer.body));
    return Read(objects, to, uid, document);
  }

  static Result<std::vector<Json>> Read(const std::vector<Json>& objects, const std::string& to,
                                        const std::string& uid, const Json& review) {
    const auto fault = [](std::string why) { return Error(Code::kInternal, std::move(why)); };
    const Json& response = GetObject(review, "response");
    if (response.empty()) return fault("the answer has no response");
    if (GetString(response, "uid") != uid) {
      return fault(
          fmt::format("expected response.uid={}, got {}", uid, GetString(response, "uid")));
    }
    const Json& result = GetObject(response, "result");
    if (const std::string status = GetString(result, "status"); status != "Success") {
      const std::string message = GetString(result, "message");
      return fault(message.empty()
                       ? fmt::format("response.result.status was '{}', not 'Success'", status)
                       : message);
    }
    const Json& list = GetArray(response, "convertedObjects");
    if (list.size() != objects.size()) {
      return fault(
          fmt::format("expected {} converted objects, got {}", objects.size(), list.size()));
    }
    std::vector<Json> converted;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string why = CheckIdentity(objects[i], list[i], to);
      if (!why.empty())
        return fault(fmt::format("invalid converted object at index {}: {}", i, why));
      converted.push_back(list[i]);
      RestoreMetadata(objects[i], &converted.back());
    }
    return converted;
  }

  Result<std::shared_ptr<client::Transport>> Transport() const {
    MutexLock lock(&mu_);
    if (transport_) return transport_;
    if (!transports_) return Error(Code::kUnavailable, "this server reaches no webhooks");
    GANTRY_TRY_SET(transport_, transports_(webhook_));
    return transport_;
  }

  const GroupKind kind_;
  const schema::WebhookConversion webhook_;
  const WebhookTransports transports_;
  Random* const random_;
  mutable Mutex mu_;
  mutable std::shared_ptr<client::Transport> transport_ GUARDED_BY(mu_);
};

}  // namespace

std::shared_ptr<const Converter> NewWebhookConverter(const GroupKind& kind,
                                                     const schema::WebhookConversion& webhook,
                                                     WebhookTransports transports, Random* random) {
  return std::make_shared<WebhookConverter>(kind, webhook, std::move(transports), random);
}

}  // namespace gantry::apiserver
