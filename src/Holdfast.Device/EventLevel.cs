namespace Holdfast.Device;

/// <summary>What an event must have reached before the outbox forgets it.</summary>
public sealed record EventLevel
{
    private const int LongestWish = 255;

    private EventLevel(string wish) => Wish = wish;

    /// <summary>The cloud has it on disk: the acknowledgement says so.</summary>
    public static EventLevel Stored { get; } = new("");

    /// <summary>An integration of the cloud, whichever is first, has carried it to its receiver and was answered 2xx.</summary>
    public static EventLevel Delivered { get; } = new("delivered");

    /// <summary>The user property <c>hf-receipt</c>; empty for none.</summary>
    internal string Wish { get; }

    /// <summary>Each of these integrations of the cloud has carried it to its receiver and was answered 2xx.</summary>
    /// <param name="integrations">Their names, at least one.</param>
    /// <exception cref="ArgumentException">There is none, one cannot be a name, or they are too long together.</exception>
    public static EventLevel DeliveredBy(params IReadOnlyList<string> integrations)
    {
        var wish = $"delivered:{string.Join(',', integrations)}";
        return integrations.Count > 0 && integrations.All(IsName) && wish.Length <= LongestWish
            ? new EventLevel(wish)
            : throw new ArgumentException($"Give the names of one or more integrations: lower-case letters, digits and hyphens, of {LongestWish} characters together.", nameof(integrations));
    }

    /// <inheritdoc/>
    public override string ToString() => Wish.Length == 0 ? "stored" : Wish;

    private static bool IsName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
