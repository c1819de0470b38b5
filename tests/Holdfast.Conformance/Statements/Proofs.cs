using System.Reflection;
using Holdfast.Mqtt;
using Holdfast.Testing;

namespace Holdfast.Conformance.Statements;

/// <summary>What proves the statements: the tests that cite them, and the arguments why a statement has no test here.</summary>
public static class Proofs
{
    private const string CodecTest = "codec:";

    /// <summary>The tests by version and id, as <c>Class.Method</c>.</summary>
    public static ILookup<(ProtocolVersion Version, string Id), string> Tests { get; } = typeof(Proofs).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .SelectMany(method => method.GetCustomAttributes<ClauseAttribute>()
            .SelectMany(clause => clause.Ids.Select(id => (Key: (clause.Version, id), Test: $"{method.DeclaringType!.Name}.{method.Name}"))))
        .OrderBy(proof => proof.Test, StringComparer.Ordinal)
        .ToLookup(proof => proof.Key, proof => proof.Test);

    /// <summary>The arguments by version and id: arguments.tsv, whose rows may name several ids.</summary>
    public static ILookup<(ProtocolVersion Version, string Id), string> Arguments { get; } = StatementList.ReadTable("arguments.tsv", 3)
        .SelectMany(row => row[1].Split(' ').Select(id => (Key: (VersionOf(row[0]), id), Argument: row[2])))
        .ToLookup(proof => proof.Key, proof => proof.Argument);

    /// <summary>The argument as a sentence; a test of the codec becomes its name.</summary>
    public static string Tell(string argument)
        => argument.StartsWith(CodecTest, StringComparison.Ordinal) ? $"the codec's {argument[CodecTest.Length..].Trim()}" : argument;

    /// <summary>Whether what an argument cites is there: <c>codec: Class.Method</c> is a test in tests/Holdfast.Mqtt.Tests.</summary>
    public static bool IsSound(string argument)
    {
        if (!argument.StartsWith(CodecTest, StringComparison.Ordinal))
        {
            return argument.Length > 0;
        }

        var parts = argument[CodecTest.Length..].Trim().Split('.');
        var file = Path.Combine(Repository.Root, "tests", "Holdfast.Mqtt.Tests", parts[0] + ".cs");
        return parts.Length == 2 && File.Exists(file) && File.ReadAllText(file).Contains($" {parts[1]}(", StringComparison.Ordinal);
    }

    private static ProtocolVersion VersionOf(string name) => name switch
    {
        "5.0" => ProtocolVersion.Mqtt5,
        "3.1.1" => ProtocolVersion.Mqtt311,
        _ => throw new InvalidDataException($"arguments.tsv names version '{name}'."),
    };
}
