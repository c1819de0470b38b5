namespace Holdfast.Status.Managing;

/// <summary>What a person says about an incident; what is null stays as it is.</summary>
internal sealed record IncidentRequest
{
    /// <summary>What it is, in a few words.</summary>
    public string? Title { get; init; }

    /// <summary><c>investigating</c>, <c>identified</c>, <c>monitoring</c> or <c>resolved</c>.</summary>
    public string? Status { get; init; }

    /// <summary><c>none</c>, <c>minor</c>, <c>major</c> or <c>critical</c>.</summary>
    public string? Impact { get; init; }

    /// <summary>What it affects.</summary>
    public IReadOnlyList<string>? Components { get; init; }

    /// <summary>What is said about it.</summary>
    public string? Text { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Until when.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }
}

/// <summary>What an incident becomes a part of.</summary>
internal sealed record MergeRequest
{
    /// <summary>The number of the other.</summary>
    public long Into { get; init; }
}

/// <summary>What was learnt from an incident.</summary>
internal sealed record PostmortemRequest
{
    /// <summary>In Markdown.</summary>
    public string? Text { get; init; }

    /// <summary>Whether everybody may read it.</summary>
    public bool Publish { get; init; }
}

/// <summary>What a person plans; what is null stays as it is.</summary>
internal sealed record MaintenanceRequest
{
    /// <summary>What it is, in a few words.</summary>
    public string? Title { get; init; }

    /// <summary>What may fail meanwhile.</summary>
    public IReadOnlyList<string>? Components { get; init; }

    /// <summary>When it begins.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>When it ends.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>How many minutes before its start it is announced once more.</summary>
    public int? RemindMinutes { get; init; }

    /// <summary><c>in_progress</c> to begin now, <c>completed</c> to end now, <c>cancelled</c>.</summary>
    public string? Status { get; init; }

    /// <summary>What is said about it.</summary>
    public string? Text { get; init; }
}

/// <summary>News.</summary>
internal sealed record AnnouncementRequest
{
    /// <summary>What it is, in a few words.</summary>
    public string? Title { get; init; }

    /// <summary>All of it, in Markdown.</summary>
    public string? Text { get; init; }

    /// <summary>Until when it is shown at the top of the page; null for no end.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>What the operator says about a component.</summary>
internal sealed record ComponentRequest
{
    /// <summary>What it is, for the public.</summary>
    public string? Description { get; init; }

    /// <summary>The share of time that is promised, such as 0.999.</summary>
    public double? Objective { get; init; }

    /// <summary>Where it stands on the page; the least is first.</summary>
    public int? Position { get; init; }
}
