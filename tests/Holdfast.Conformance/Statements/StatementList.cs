using Holdfast.Mqtt;

namespace Holdfast.Conformance.Statements;

/// <summary>All normative statements of both versions, as their appendices B number them: mqtt-5.0.tsv and mqtt-3.1.1.tsv.</summary>
public static class StatementList
{
    private static readonly string[] Obliged = ["server", "client", "both"];

    /// <summary>The statements, in the order of the standard.</summary>
    public static IReadOnlyList<Statement> All { get; } = [.. Read(ProtocolVersion.Mqtt5), .. Read(ProtocolVersion.Mqtt311)];

    /// <summary>The version as people write it.</summary>
    public static string NameOf(ProtocolVersion version) => version == ProtocolVersion.Mqtt5 ? "5.0" : "3.1.1";

    /// <summary>The rows of an embedded table, without its headings.</summary>
    /// <param name="name">Its file name.</param>
    /// <param name="columns">How many columns each row has.</param>
    public static IEnumerable<string[]> ReadTable(string name, int columns)
        => ReadText(name).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line =>
        {
            var cells = line.Split('\t');
            return cells.Length == columns ? cells : throw new InvalidDataException($"{name} has a row of {cells.Length} columns: {line}");
        });

    /// <summary>An embedded text.</summary>
    /// <param name="name">Its file name.</param>
    public static string ReadText(string name)
    {
        using var stream = typeof(StatementList).Assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException("There is no embedded " + name);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static IEnumerable<Statement> Read(ProtocolVersion version)
        => ReadTable($"mqtt-{NameOf(version)}.tsv", 3).Select(row => Obliged.Contains(row[1])
            ? new Statement(version, row[0], row[1], row[2])
            : throw new InvalidDataException($"Who must obey {row[0]}? '{row[1]}'"));
}
