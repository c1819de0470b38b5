using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>The body of a request of JSON events.</summary>
internal static class JsonFraming
{
    /// <summary>One event as it is, or the array of several.</summary>
    public static ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events, bool asArray)
    {
        if (!asArray)
        {
            return events[0].Body.Bytes;
        }

        var body = new byte[events.Sum(one => one.Body.Bytes.Length) + events.Count + 1];
        var end = 0;
        foreach (var one in events)
        {
            body[end++] = (byte)(end == 1 ? '[' : ',');
            one.Body.Bytes.CopyTo(body.AsMemory(end));
            end += one.Body.Bytes.Length;
        }

        body[end] = (byte)']';
        return body;
    }
}
