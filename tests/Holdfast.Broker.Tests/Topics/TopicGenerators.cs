using CsCheck;

namespace Holdfast.Broker.Tests.Topics;

/// <summary>Topics and filters over few names, so that they often meet.</summary>
internal static class TopicGenerators
{
    private static readonly Gen<string> Level = OneOf("", "a", "b", "ab", "$c", "ü");

    public static Gen<string> Topic { get; } =
        Level.Array[1, 5].Select(levels => string.Join('/', levels)).Where(topic => topic.Length > 0);

    public static Gen<string> Filter { get; } =
        Gen.Select(Gen.Frequency((3, Level), (1, Gen.Const("+"))).Array[0, 5], Gen.Bool)
            .Select((levels, all) => string.Join('/', all ? [.. levels, "#"] : levels))
            .Where(filter => filter.Length > 0);

    public static Gen<string> OneOf(params string[] names) => Gen.Int[0, names.Length - 1].Select(index => names[index]);
}
