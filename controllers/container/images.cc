#include "controllers/container/images.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apis/gantry.dev/v1/resources.h"
#include "controllers/container/registry_auth.h"
#include "controllers/drivers/docker/reference.h"

namespace gantry::container {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPullLimit = 30min;
constexpr char kKind[] = "image";  // of error details
constexpr char kNotFound[] = "ImageNotFound";
constexpr char kRefused[] = "RegistryRefused";
constexpr char kUnreachable[] = "RegistryUnreachable";
constexpr char kFailed[] = "PullFailed";

Error Failure(Code code, const char* reason, const std::string& message) {
  ErrorDetails details;
  details.kind = kKind;
  details.causes.push_back({reason, message, ""});
  return Error(code, message, std::move(details));
}

bool SoundsUnreachable(const std::string& message) {
  for (const char* words :
       {"connection refused", "no such host", "i/o timeout", "timeout", "deadline exceeded",
        "request canceled", "unreachable", "no route to host", "server misbehaving",
        "connection reset", "EOF", "x509", "tls:", "name resolution", "503 ", "502 "}) {
    if (message.find(words) != std::string::npos) return true;
  }
  return false;
}

// What the engine says about a pull, in our terms; an engine that does not answer is another thing.
Error FromPull(const Error& e, const std::string& context) {
  const std::string message = context + ": " + e.message;
  switch (e.code) {
    case Code::kNotFound: return Failure(Code::kNotFound, kNotFound, message);
    case Code::kForbidden:
    case Code::kUnauthorized: return Failure(Code::kForbidden, kRefused, message);
    case Code::kInternal:
      return Failure(Code::kInternal, SoundsUnreachable(e.message) ? kUnreachable : kFailed,
                     message);
    default: return e.Wrap(context);
  }
}

// The short form of a name of Docker Hub, which the engine's digests have.
std::string_view Familiar(std::string_view name) {
  for (const std::string_view prefix : {"docker.io/", "library/"}) {
    if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  }
  return name;
}

bool IsRegistryIdentity(const std::string& identity) {
  return identity.find('@') != std::string::npos;
}

}  // namespace

std::string ImageFailure(const Error& error) {
  if (!error.details || error.details->kind != kKind || error.details->causes.empty()) return "";
  return error.details->causes[0].reason;
}

std::string IdentityOf(std::string_view reference, const docker::ImageDetails& image) {
  const std::string name = docker::ParseImageReference(reference).name;
  for (const std::string& digest : image.digests) {
    if (Familiar(docker::ParseImageReference(digest).name) == Familiar(name)) return digest;
  }
  return image.id;
}

Images::Images(runtime::Manager* manager)
    : client_(manager->ClientFor("container")),
      recorder_(manager->RecorderFor("container")),
      revisions_(manager->InformerFor(v1::kServiceRevisions)->lister()),
      services_(manager->InformerFor(v1::kServices)->lister()) {}

Result<std::string> Images::Ensure(const Context& ctx, docker::Engine* engine,
                                   const Object& container,
                                   const v1::ContainerTemplate& tmpl) const {
  const ObjectKey key{std::string(container.ns()), v1::ContainerSpec::From(container).revision};
  const bool newest = tmpl.pull_policy == "Always";
  if (key.name.empty()) {
    GANTRY_TRY(Resolve(ctx, engine, container, tmpl, newest));
    return tmpl.image;
  }
  ObjectPtr revision = revisions_.Get(key);
  if (!revision || GetString(revision->spec(), "resolvedImage").empty()) {
    Result<Object> live = client_.Get(ctx, v1::kServiceRevisions, key);
    if (!live.ok() && live.code() != Code::kNotFound) return live.error();
    if (!live.ok()) {  // its service is going away
      GANTRY_TRY(Resolve(ctx, engine, container, tmpl, newest));
      return tmpl.image;
    }
    revision = std::make_shared<const Object>(std::move(*live));
  }
  std::string pinned = GetString(revision->spec(), "resolvedImage");
  if (pinned.empty()) {
    GANTRY_TRY_SET(const std::string found, Resolve(ctx, engine, container, tmpl, newest));
    const Json pin = {{"metadata", {{"resourceVersion", revision->resource_version()}}},
                      {"spec", {{"resolvedImage", found}}}};
    const auto written =
        client_.Patch(ctx, v1::kServiceRevisions, key, client::PatchType::kMerge, pin);
    if (written.ok()) return tmpl.image;
    if (written.code() != Code::kConflict) return written.error().Wrap("note the image");
    // Another host was first: what it found counts.
    GANTRY_TRY_SET(const Object live, client_.Get(ctx, v1::kServiceRevisions, key));
    pinned = GetString(live.spec(), "resolvedImage");
    if (pinned.empty()) return Error(Code::kConflict, "the revision changed meanwhile");
  }
  return UsePinned(ctx, engine, container, tmpl, pinned);
}

Result<std::string> Images::Resolve(const Context& ctx, docker::Engine* engine,
                                    const Object& container, const v1::ContainerTemplate& tmpl,
                                    bool newest) const {
  auto present = engine->InspectImage(ctx, tmpl.image);
  if (!present.ok() && present.code() != Code::kNotFound) return present.error();
  if (!present.ok() && tmpl.pull_policy == "Never") {
    return Failure(
        Code::kNotFound, kNotFound,
        fmt::format("image \"{}\" is not on the host and pullPolicy is Never", tmpl.image));
  }
  if (!present.ok() || (newest && tmpl.pull_policy != "Never")) {
    const Status pulled = Pull(ctx, engine, container, tmpl, tmpl.image);
    const std::string reason = pulled.ok() ? "" : ImageFailure(pulled.error());
    const bool local = present.ok() && !IsRegistryIdentity(IdentityOf(tmpl.image, *present));
    // What no registry ever had need not be there; and a registry that is away holds nothing up.
    const bool passes = present.ok() && (local ? !reason.empty() : reason == kUnreachable);
    if (!pulled.ok() && !passes) return pulled.error();
    if (!pulled.ok() && !local) {
      recorder_->Record(container, runtime::EventType::kWarning, reason,
                        "the image of the host is taken: " + pulled.error().message);
    }
    if (pulled.ok()) present = engine->InspectImage(ctx, tmpl.image);
    if (!present.ok()) return present.error().Wrap(fmt::format("image \"{}\"", tmpl.image));
  }
  return IdentityOf(tmpl.image, *present);
}

Result<std::string> Images::UsePinned(const Context& ctx, docker::Engine* engine,
                                      const Object& container, const v1::ContainerTemplate& tmpl,
                                      const std::string& pinned) const {
  auto image = engine->InspectImage(ctx, pinned);
  if (!image.ok() && image.code() != Code::kNotFound) return image.error();
  if (!image.ok()) {
    if (!IsRegistryIdentity(pinned) || tmpl.pull_policy == "Never") {
      return Failure(
          Code::kNotFound, kNotFound,
          fmt::format("the host lacks image \"{}\" as this revision runs it, {}, and {}; "
                      "redeploy takes another one",
                      tmpl.image, pinned,
                      IsRegistryIdentity(pinned) ? "pullPolicy is Never"
                                                 : "no registry is known to have it"));
    }
    GANTRY_TRY(Pull(ctx, engine, container, tmpl, pinned));
    image = engine->InspectImage(ctx, pinned);
    if (!image.ok()) return image.error().Wrap(fmt::format("image \"{}\"", pinned));
  }
  // Under the name that people know, while it means the same image here.
  const auto named = engine->InspectImage(ctx, tmpl.image);
  return named.ok() && named->id == image->id ? tmpl.image : pinned;
}

Result<std::vector<docker::RegistryAuth>> Images::Credentials(
    const Context& ctx, const Object& container, const std::string& reference,
    std::vector<std::string>* notes) const {
  std::vector<docker::RegistryAuth> out;
  const ObjectPtr service =
      services_.Get({std::string(container.ns()), std::string(container.label(v1::kLabelService))});
  if (!service) return out;
  for (const std::string& name : v1::ServiceSpec::From(*service).image_pull_secrets) {
    const auto secret = client_.Get(ctx, v1::kSecrets, {std::string(container.ns()), name});
    if (!secret.ok() && secret.code() != Code::kNotFound) return secret.error();
    if (!secret.ok()) {
      notes->push_back(fmt::format("there is no secret {}", name));
      continue;
    }
    auto auth = AuthFor(*secret, reference);
    if (!auth.ok()) {
      notes->push_back(auth.error().message);
    } else if (!*auth) {
      notes->push_back(fmt::format("secret {} has nothing for {}", name, RegistryOf(reference)));
    } else {
      notes->push_back(fmt::format("tried with secret {}", name));
      out.push_back(std::move(**auth));
    }
  }
  return out;
}

Status Images::Pull(const Context& ctx, docker::Engine* engine, const Object& container,
                    const v1::ContainerTemplate& tmpl, const std::string& reference) const {
  const std::string what = fmt::format("pull image \"{}\"", reference);
  std::vector<std::string> notes;
  GANTRY_TRY_SET(const auto credentials, Credentials(ctx, container, reference, &notes).Wrap(what));
  recorder_->Record(container, runtime::EventType::kNormal, "Pulling",
                    fmt::format("pulling image \"{}\"", reference));
  const Context limited = ctx.WithTimeout(kPullLimit);
  Status pulled = OkStatus();
  size_t tried = 0;
  do {
    const docker::RegistryAuth* auth = tried < credentials.size() ? &credentials[tried] : nullptr;
    pulled = engine->PullImage(limited, reference, tmpl.run.platform, auth);
    if (pulled.ok()) return pulled;
    pulled = FromPull(pulled.error(), what);
  } while (++tried < credentials.size() && ImageFailure(pulled.error()) != kUnreachable);
  const std::string reason = ImageFailure(pulled.error());
  if (notes.empty() || (reason != kRefused && reason != kNotFound)) return pulled;
  return Failure(
      pulled.code(), reason.c_str(),
      fmt::format("{} (imagePullSecrets: {})", pulled.error().message, fmt::join(notes, ", ")));
}

Result<Json> Images::Check(const Context& ctx, docker::Engine* engine, const Object& container,
                           const v1::ContainerTemplate& tmpl, const std::string& asked) const {
  // Here an absent registry is an answer, not something to pass over.
  Json check = {{"requestedAt", asked}};
  auto present = engine->InspectImage(ctx, tmpl.image);
  if (!present.ok() && present.code() != Code::kNotFound) return present.error();
  const bool local = present.ok() && !IsRegistryIdentity(IdentityOf(tmpl.image, *present));
  const Status pulled =
      tmpl.pull_policy == "Never" ? OkStatus() : Pull(ctx, engine, container, tmpl, tmpl.image);
  if (!pulled.ok()) {
    const std::string reason = ImageFailure(pulled.error());
    if (reason.empty()) return pulled.error();
    if (!local) {
      check["reason"] = reason;
      check["message"] = pulled.error().message;
      return check;
    }
  } else {
    present = engine->InspectImage(ctx, tmpl.image);
    if (!present.ok()) return present.error().Wrap(fmt::format("image \"{}\"", tmpl.image));
  }
  check["image"] = IdentityOf(tmpl.image, *present);
  return check;
}

}  // namespace gantry::container
