#include <gtest/gtest.h>

#include <algorithm>

#include "controllers/drivers/docker/conformance/conformance.h"

// Images, volumes and networks.
namespace gantry::docker {
namespace {

void ImageIsInspected(ConformanceTest& t) {
  auto image = t->InspectImage(t.ctx, t.config->image);
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->id.rfind("sha256:", 0), 0u);
  EXPECT_EQ(image->os, "linux");
  auto same = t->InspectImage(t.ctx, image->id);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same->id, image->id);
  auto none = t->InspectImage(t.ctx, "gantry/no-such-image:1");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.code(), Code::kNotFound);
}

void ImageIsTaggedAndUntagged(ConformanceTest& t) {
  const std::string other = "gantry/" + t.tag + ":2";
  ASSERT_TRUE(t->TagImage(t.ctx, t.config->image, other).ok());
  auto tagged = t->InspectImage(t.ctx, other);
  ASSERT_TRUE(tagged.ok());
  auto list = t->ListImages(t.ctx);
  ASSERT_TRUE(list.ok());
  bool listed = false;
  for (const ImageDetails& i : *list) {
    listed = listed || std::find(i.tags.begin(), i.tags.end(), other) != i.tags.end();
  }
  EXPECT_TRUE(listed);
  ASSERT_TRUE(t->RemoveImage(t.ctx, other).ok());
  EXPECT_TRUE(t->RemoveImage(t.ctx, other).ok());
  EXPECT_FALSE(t->InspectImage(t.ctx, other).ok());
  EXPECT_TRUE(t->InspectImage(t.ctx, t.config->image).ok());
}

void FailedPullIsAnError(ConformanceTest& t) {
  // A registry that does not exist, on loopback: no name is looked up anywhere.
  const Status pulled = t->PullImage(t.ctx, "127.0.0.1:9/none/none:1", "", nullptr);
  ASSERT_FALSE(pulled.ok());
  EXPECT_TRUE(pulled.code() == Code::kInternal || pulled.code() == Code::kNotFound)
      << pulled.error().message;
}

void VolumesComeAndGo(ConformanceTest& t) {
  const std::string name = t.Name("v");
  auto made = t->CreateVolume(t.ctx, {name, "local", {}, t.labels});
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->name, name);
  // The second wish is ignored: what is there comes back.
  auto again = t->CreateVolume(t.ctx, {name, "local", {}, {{"other", "x"}}});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->labels.at("gantry.test"), t.tag);
  auto list = t->ListVolumes(t.ctx, {t.labels});
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ(t->InspectVolume(t.ctx, name)->driver, "local");

  ContainerConfig wish = t.Config();
  wish.mounts = {{"volume", name, "/data", false, false}};
  auto id = t->CreateContainer(t.ctx, wish);
  ASSERT_TRUE(id.ok()) << id.error().message;
  auto d = t->InspectContainer(t.ctx, *id);
  ASSERT_TRUE(d.ok());
  ASSERT_EQ(d->mounts.size(), 1u);
  EXPECT_EQ(d->mounts[0].source, name);
  EXPECT_EQ(d->mounts[0].target, "/data");
  const Status in_use = t->RemoveVolume(t.ctx, name);
  ASSERT_FALSE(in_use.ok());
  EXPECT_EQ(in_use.code(), Code::kConflict);

  // A named volume outlives its containers.
  ASSERT_TRUE(t->RemoveContainer(t.ctx, *id, true).ok());
  EXPECT_TRUE(t->InspectVolume(t.ctx, name).ok());
  ASSERT_TRUE(t->RemoveVolume(t.ctx, name).ok());
  EXPECT_TRUE(t->RemoveVolume(t.ctx, name).ok());
  EXPECT_EQ(t->InspectVolume(t.ctx, name).code(), Code::kNotFound);
}

void NetworksComeAndGo(ConformanceTest& t) {
  NetworkConfig wish;
  wish.name = t.Name("n");
  wish.labels = t.labels;
  auto id = t->CreateNetwork(t.ctx, wish);
  ASSERT_TRUE(id.ok()) << id.error().message;
  auto duplicate = t->CreateNetwork(t.ctx, wish);
  ASSERT_FALSE(duplicate.ok());
  EXPECT_EQ(duplicate.code(), Code::kConflict) << duplicate.error().message;
  auto list = t->ListNetworks(t.ctx, {t.labels});
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ(list->front().id, *id);
  EXPECT_EQ(t->InspectNetwork(t.ctx, wish.name)->id, *id);
  EXPECT_NE(t->InspectNetwork(t.ctx, *id)->subnet, "");

  ContainerConfig c = t.Config();
  c.network = NetworkAttachment{wish.name, {"web", "www"}, ""};
  const std::string container = t.Run(c);
  auto d = t->InspectContainer(t.ctx, container);
  ASSERT_TRUE(d.ok());
  ASSERT_EQ(d->networks.count(wish.name), 1u);
  const NetworkEndpoint& endpoint = d->networks.at(wish.name);
  EXPECT_NE(endpoint.ip, "");
  EXPECT_EQ(endpoint.network_id, *id);
  EXPECT_NE(std::find(endpoint.aliases.begin(), endpoint.aliases.end(), "www"),
            endpoint.aliases.end());

  EXPECT_EQ(t->RemoveNetwork(t.ctx, *id).code(), Code::kConflict);  // a container runs on it
  ASSERT_TRUE(t->RemoveContainer(t.ctx, container, true).ok());
  ASSERT_TRUE(t->RemoveNetwork(t.ctx, *id).ok());
  EXPECT_TRUE(t->RemoveNetwork(t.ctx, *id).ok());
  EXPECT_EQ(t->InspectNetwork(t.ctx, *id).code(), Code::kNotFound);
}

void MissingNetworkFailsTheStart(ConformanceTest& t) {
  ContainerConfig wish = t.Config();
  wish.network = NetworkAttachment{t.Name("none"), {}, ""};
  auto id = t->CreateContainer(t.ctx, wish);
  Code code = Code::kInternal;
  if (id.ok()) {
    const Status started = t->StartContainer(t.ctx, *id);
    ASSERT_FALSE(started.ok());
    code = started.code();
  } else {
    code = id.code();
  }
  EXPECT_EQ(code, Code::kNotFound);
}

}  // namespace

ConformanceCases ObjectCases() {
  return {{"ImageIsInspected", ImageIsInspected},
          {"ImageIsTaggedAndUntagged", ImageIsTaggedAndUntagged},
          {"FailedPullIsAnError", FailedPullIsAnError},
          {"VolumesComeAndGo", VolumesComeAndGo},
          {"NetworksComeAndGo", NetworksComeAndGo},
          {"MissingNetworkFailsTheStart", MissingNetworkFailsTheStart}};
}

}  // namespace gantry::docker
