using System.Globalization;
using System.Text;
using System.Text.Json;
using Holdfast.Server.Management;

namespace Holdfast.Server.Custody;

/// <summary>A trace for people.</summary>
internal static class TraceText
{
    /// <summary>Formats the API's trace.</summary>
    /// <param name="trace">The trace.</param>
    public static string Format(JsonElement trace)
    {
        JsonElement published = trace.GetProperty("published");
        JsonElement committed = trace.GetProperty("committed");
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"event      {Cell(trace, "id")}  {Cell(trace, "topic")}  {Cell(trace, "payloadBytes")} bytes");
        text.AppendLine(CultureInfo.InvariantCulture, $"published  by {Cell(published, "clientId")} (device {Cell(trace, "device")}) at {Cell(published, "at")}, stream {Cell(published, "stream")}, sequence {Cell(published, "sequence")}, QoS {Cell(published, "qualityOfService")}{(published.GetProperty("possibleDuplicate").GetBoolean() ? ", possibly a repetition" : "")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"received   {Cell(committed, "receivedAt")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"committed  partition {Cell(committed, "partition")}, offset {Cell(committed, "offset")}, epoch {Cell(committed, "epoch")}, in {Cell(committed, "store")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"durable    {Cell(committed, "durability")}");
        foreach (JsonElement delivery in trace.GetProperty("deliveries").EnumerateArray())
        {
            text.AppendLine();
            text.AppendLine(Delivery(delivery));
        }

        if (trace.GetProperty("sessions").GetArrayLength() > 0)
        {
            text.AppendLine();
            text.AppendLine(Sessions(trace.GetProperty("sessions")));
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>A field as text; a dash when it is null.</summary>
    /// <param name="value">An object.</param>
    /// <param name="property">Its field.</param>
    public static string Cell(JsonElement value, string property)
        => value.TryGetProperty(property, out JsonElement field) && field.ValueKind != JsonValueKind.Null && field.ToString() is { Length: > 0 } text ? text.ReplaceLineEndings(" ") : "-";

    private static string Delivery(JsonElement delivery)
    {
        string head = $"{Cell(delivery, "integration")} ({Cell(delivery, "kind")}): {Cell(delivery, "outcome")}";
        head += delivery.GetProperty("at").ValueKind == JsonValueKind.Null ? "" : $" at {Cell(delivery, "at")}, {Cell(delivery, "delaySeconds")} s after the receipt";
        JsonElement attempts = delivery.GetProperty("attempts");
        if (attempts.GetArrayLength() == 0)
        {
            return head;
        }

        string[] titles = ["", "ATTEMPT AT", "RESULT", "STATUS", "MS", "BY", "ERROR"];
        return head + "\n" + TextTable.Format([titles, .. attempts.EnumerateArray().Select(attempt => new[]
        {
            "", Cell(attempt, "at"), Cell(attempt, "result"), Cell(attempt, "status"), Cell(attempt, "milliseconds"), Cell(attempt, "replay"), Cell(attempt, "error"),
        })]);
    }

    private static string Sessions(JsonElement sessions) => TextTable.Format(
    [
        ["SESSION", "CONNECTED", "QOS", "CONFIRMED UP TO", "THIS EVENT"],
        .. sessions.EnumerateArray().Select(session => new[]
        {
            Cell(session, "clientId"), session.GetProperty("isConnected").GetBoolean() ? "yes" : "no", Cell(session, "qualityOfService"), Cell(session, "confirmedOffset"),
            !session.GetProperty("hasConfirmed").GetBoolean() ? "waits" : Cell(session, "qualityOfService") == "0" ? "passed" : "confirmed",
        }),
    ]);
}
