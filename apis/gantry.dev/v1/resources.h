#pragma once

#include "apis/client/client.h"

// Coordinates of the kinds, and the labels, annotations and finalizers that Gantry gives meaning
// to.
namespace gantry::v1 {

inline const client::Resource kClusters{"gantry.dev", "v1", "clusters", "Cluster", false};
inline const client::Resource kNodes{"gantry.dev", "v1", "nodes", "Node", false};
inline const client::Resource kApplications{"gantry.dev", "v1", "applications", "Application",
                                            true};
inline const client::Resource kApplicationRevisions{"gantry.dev", "v1", "applicationrevisions",
                                                    "ApplicationRevision", true};
inline const client::Resource kServices{"gantry.dev", "v1", "services", "Service", true};
inline const client::Resource kServiceRevisions{"gantry.dev", "v1", "servicerevisions",
                                                "ServiceRevision", true};
inline const client::Resource kContainers{"gantry.dev", "v1", "containers", "Container", true};
inline const client::Resource kVolumes{"gantry.dev", "v1", "volumes", "Volume", true};

inline const client::Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline const client::Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
inline const client::Resource kSecrets{"", "v1", "secrets", "Secret", true};
inline const client::Resource kResourceQuotas{"", "v1", "resourcequotas", "ResourceQuota", true};
inline const client::Resource kEvents{"", "v1", "events", "Event", true};
inline const client::Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease", true};
inline const client::Resource kCustomResourceDefinitions{
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false};

// Labels of objects.
inline constexpr char kLabelApplication[] = "gantry.dev/application";
inline constexpr char kLabelService[] = "gantry.dev/service";
inline constexpr char kLabelSlot[] = "gantry.dev/slot";          // 1, 2, 3 ...
inline constexpr char kLabelRevision[] = "gantry.dev/revision";  // name of the ServiceRevision
// The service's name in the Compose document (an object's name may be a slug of it).
inline constexpr char kLabelComposeService[] = "gantry.dev/compose-service";

// Annotations of objects.
// On a Service: the replicas that its Application's template declared last. While the declaration
// does not change, spec.replicas belongs to whoever scaled it.
inline constexpr char kAnnotationDeclaredReplicas[] = "gantry.dev/declared-replicas";
// A changed value makes a new revision: `rollout restart`.
inline constexpr char kAnnotationRestartedAt[] = "gantry.dev/restarted-at";
// On an Application or Service: a changed value looks for a newer image of the same name, replaces
// containers that run another one, and starts those again that ended: `redeploy`.
inline constexpr char kAnnotationRedeployedAt[] = "gantry.dev/redeployed-at";
// On an Application or Service: a changed value makes a new revision whose containers go to other
// nodes than before, where there are others: `reschedule`.
inline constexpr char kAnnotationRescheduledAt[] = "gantry.dev/rescheduled-at";
// On a Service: `<template.image> <resolvedImage>`, what the revision runs while the template names
// that image. Written by redeploy and undo.
inline constexpr char kAnnotationPinnedImage[] = "gantry.dev/pinned-image";
// On a Service: a hash of what its Application's template says of its containers.
inline constexpr char kAnnotationDeclaredTemplate[] = "gantry.dev/declared-template";
// On a Service: while the declared template has this hash, spec.template stays as it is: `undo`.
inline constexpr char kAnnotationUndoneTemplate[] = "gantry.dev/undone-template";
// On a Container: the node that the scheduler takes only when there is no other.
inline constexpr char kAnnotationAvoidedNode[] = "gantry.dev/avoided-node";
// On a Container: the previous instance's node, which the scheduler prefers.
inline constexpr char kAnnotationPreferredNode[] = "gantry.dev/preferred-node";

// On a Service: its Application stopped it, and starts it again.
inline constexpr char kAnnotationStoppedByApplication[] = "gantry.dev/stopped-by-application";
// On a Service: its Application paused it, and lets it go on.
inline constexpr char kAnnotationPausedByApplication[] = "gantry.dev/paused-by-application";

// Finalizers.
inline constexpr char kFinalizerContainer[] = "gantry.dev/container";  // engine container removed
inline constexpr char kFinalizerVolume[] = "gantry.dev/volume";        // engine volumes removed

// Namespace of Gantry's own objects: node credentials, leases.
inline constexpr char kSystemNamespace[] = "gantry-system";

}  // namespace gantry::v1
