using System.Diagnostics.CodeAnalysis;
using System.Text;
using Holdfast.Broker.Events;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;

namespace Holdfast.Integrations.Bridges;

/// <summary>Makes topics of one side topics of the other.</summary>
internal sealed class TopicMap(BridgeTopics topics, string product)
{
    private static readonly string[] Fields = ["{topic}", "{product}", "{device}", "{name}"];

    /// <summary>What is wrong with a mapping; null when nothing is.</summary>
    public static string? ProblemOf(BridgeTopics topics)
    {
        if (topics.Template is not null && topics.Add.Length > 0)
        {
            return "Give 'add' or 'template', not both.";
        }

        var literal = Fields.Aggregate(topics.Template ?? "", (text, field) => text.Replace(field, "", StringComparison.Ordinal));
        if (literal.AsSpan().ContainsAny('{', '}'))
        {
            return $"A template knows {string.Join(", ", Fields)}, and no other braces.";
        }

        var texts = string.Concat(literal, topics.Add, topics.Strip);
        return texts.AsSpan().ContainsAny("+#\0") || texts.Length > 1024 ? "Prefixes and templates are parts of a topic: without + and #, with at most 1,024 characters." : null;
    }

    /// <summary>A topic filter that matches everything this makes of what another filter matches.</summary>
    public static string Image(BridgeTopics topics, string filter)
    {
        if (topics.Template is null && filter.StartsWith(topics.Strip, StringComparison.Ordinal))
        {
            return topics.Add + filter[topics.Strip.Length..];
        }

        // What stands literally in front is all that is known.
        var known = topics.Template is { } template ? template[..Math.Max(0, template.IndexOf('{', StringComparison.Ordinal))] : topics.Add;
        return known[..(known.LastIndexOf('/') + 1)] + "#";
    }

    /// <summary>Maps one topic.</summary>
    /// <param name="topic">The topic name on this side.</param>
    /// <param name="mapped">The topic name on the other.</param>
    /// <param name="problem">Otherwise why there is none.</param>
    public bool TryMap(string topic, [NotNullWhen(true)] out string? mapped, out string problem)
    {
        mapped = null;
        problem = "";
        var rest = topic.StartsWith(topics.Strip, StringComparison.Ordinal) ? topic[topics.Strip.Length..] : topic;
        var made = topics.Template is { } template ? Fill(template, topic, rest, out problem) : topics.Add + rest;
        if (problem.Length == 0 && !TopicName.IsValid(Encoding.UTF8.GetBytes(made)))
        {
            problem = $"the topic '{topic}' becomes '{made}', which is no topic name";
        }

        mapped = problem.Length == 0 ? made : null;
        return mapped is not null;
    }

    private string Fill(string template, string topic, string rest, out string problem)
    {
        var bytes = Encoding.UTF8.GetBytes(topic);
        var hasDevice = Partitioning.TryGetDevice(bytes, out var device);
        problem = !hasDevice && template.Contains("{device}", StringComparison.Ordinal) ? $"the topic '{topic}' belongs to no device, and the template asks for one" : "";
        return template
            .Replace("{topic}", rest, StringComparison.Ordinal)
            .Replace("{product}", product, StringComparison.Ordinal)
            .Replace("{device}", Encoding.UTF8.GetString(device), StringComparison.Ordinal)
            .Replace("{name}", Encoding.UTF8.GetString(EventFacts.NameOf(bytes)), StringComparison.Ordinal);
    }
}
