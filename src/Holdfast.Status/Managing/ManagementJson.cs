using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Holdfast.Status.Announcements;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Notifying;
using Holdfast.Status.Page;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Managing;

/// <summary>How the management API writes things.</summary>
internal static class ManagementJson
{
    /// <summary>An incident.</summary>
    public static JsonObject Write(Incident incident) => new()
    {
        ["id"] = incident.Id,
        ["title"] = incident.Title,
        ["status"] = StatuspageApi.Status(incident.Status),
        ["impact"] = StatuspageApi.Impact(incident.Impact),
        ["components"] = Names(incident.Components),
        ["startedAt"] = Time(incident.StartedAt),
        ["resolvedAt"] = Time(incident.ResolvedAt),
        ["automatic"] = incident.IsAutomatic,
        ["confirmed"] = incident.IsConfirmed,
        ["acknowledgedAt"] = Time(incident.AcknowledgedAt),
        ["mergedInto"] = incident.MergedInto,
        ["postmortemAt"] = Time(incident.PostmortemAt),
        ["updates"] = new JsonArray([.. incident.Updates.Select(update => (JsonNode)new JsonObject
        {
            ["at"] = Time(update.At),
            ["status"] = StatuspageApi.Status(update.Status),
            ["text"] = update.Text,
            ["automatic"] = update.IsAutomatic,
        })]),
    };

    /// <summary>A maintenance.</summary>
    public static JsonObject Write(Maintenance maintenance) => new()
    {
        ["id"] = maintenance.Id,
        ["title"] = maintenance.Title,
        ["status"] = StatuspageApi.Status(maintenance.Status),
        ["components"] = Names(maintenance.Components),
        ["startsAt"] = Time(maintenance.StartsAt),
        ["endsAt"] = Time(maintenance.EndsAt),
        ["remindMinutes"] = (int)maintenance.RemindBefore.TotalMinutes,
        ["updates"] = new JsonArray([.. maintenance.Updates.Select(update => (JsonNode)new JsonObject
        {
            ["at"] = Time(update.At),
            ["status"] = StatuspageApi.Status(update.Status),
            ["text"] = update.Text,
        })]),
    };

    /// <summary>An announcement.</summary>
    public static JsonObject Write(Announcement announcement) => new()
    {
        ["id"] = announcement.Id,
        ["title"] = announcement.Title,
        ["text"] = announcement.Text,
        ["at"] = Time(announcement.At),
        ["until"] = Time(announcement.Until),
    };

    /// <summary>A component.</summary>
    public static JsonObject Write(ComponentView component, StatusView view)
    {
        ComponentSettings? settings = view.Settings.GetValueOrDefault(component.Name);
        return new JsonObject
        {
            ["name"] = component.Name,
            ["state"] = FaultWords.Name(component.State),
            ["maintenance"] = view.IsInMaintenance(component.Name),
            ["since"] = Time(component.Since),
            ["description"] = settings?.Description ?? "",
            ["objective"] = settings?.Objective,
            ["position"] = settings?.Position ?? 0,
        };
    }

    /// <summary>A subscriber; never its secret.</summary>
    public static JsonObject Write(Subscriber subscriber) => new()
    {
        ["id"] = subscriber.Id,
        ["channel"] = subscriber.Channel,
        ["address"] = subscriber.Address,
        ["components"] = Names(subscriber.Components),
        ["locations"] = Names(subscriber.Locations),
        ["confirmed"] = subscriber.IsConfirmed,
        ["since"] = Time(subscriber.MadeAt),
    };

    /// <summary>A subscriber that was just made, with its secret, which is shown once.</summary>
    public static JsonObject WriteWithSecret(Subscriber subscriber)
    {
        JsonObject json = Write(subscriber);
        if (subscriber.Secret.Length > 0)
        {
            json["secret"] = subscriber.Secret;
        }

        return json;
    }

    /// <summary>What is on its way, and what was given up.</summary>
    public static JsonObject Write((long Waiting, IReadOnlyList<FailedDelivery> Failures) deliveries) => new()
    {
        ["waiting"] = deliveries.Waiting,
        ["givenUp"] = List(deliveries.Failures.Select(failure => new JsonObject
        {
            ["at"] = Time(failure.At),
            ["channel"] = failure.Channel,
            ["address"] = failure.Address,
            ["title"] = failure.Title,
            ["error"] = failure.Error,
        })),
    };

    /// <summary>What somebody did.</summary>
    public static JsonObject Write(AuditEntry entry) => new() { ["at"] = Time(entry.At), ["who"] = entry.Who, ["action"] = entry.Action, ["subject"] = entry.Subject };

    /// <summary>Several things.</summary>
    public static JsonArray List(IEnumerable<JsonNode> items) => [.. items];

    /// <summary>A time, or null.</summary>
    public static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", Words.Culture);

    /// <summary>Names.</summary>
    public static JsonArray Names(IEnumerable<string> names) => [.. names.Select(name => (JsonNode)name)];
}

/// <summary>How requests of the management API are read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(IncidentRequest))]
[JsonSerializable(typeof(MergeRequest))]
[JsonSerializable(typeof(PostmortemRequest))]
[JsonSerializable(typeof(MaintenanceRequest))]
[JsonSerializable(typeof(AnnouncementRequest))]
[JsonSerializable(typeof(ComponentRequest))]
[JsonSerializable(typeof(SubscriptionRequest))]
internal sealed partial class RequestJson : JsonSerializerContext;
