using System.Text.Json.Serialization;

namespace Holdfast.Api.Problems;

/// <summary>An error as it is told to a client (RFC 9457).</summary>
/// <param name="Type">Names the kind of problem for programs; never changes.</param>
/// <param name="Title">The kind in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What was wrong and what to do.</param>
/// <param name="Where">The field, query parameter or header that was wrong; null when it is none of them.</param>
internal sealed record Problem(
    string Type, string Title, int Status, string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Where = null)
{
    private const string Prefix = "urn:holdfast:problem:";

    /// <summary>The seconds after which it makes sense to try again, or null.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The kind in a word: of few that there are.</summary>
    [JsonIgnore]
    public string Kind => Type[Prefix.Length..];

    /// <summary>The same problem, of one of many events.</summary>
    public Problem Within(int index) => this with { Where = Where is null ? $"[{index}]" : $"[{index}].{Where}" };

    public static Problem Malformed(string detail, string? where = null)
        => new(Prefix + "malformed", "The request cannot be read", 400, detail, where);

    public static Problem Invalid(string where, string detail)
        => new(Prefix + "invalid", "A field is not valid", 422, detail, where);

    public static Problem TooLarge(string detail)
        => new(Prefix + "too-large", "The event is too large", 413, detail);

    public static Problem UnsupportedMediaType(string detail)
        => new(Prefix + "unsupported-media-type", "The content type is not supported", 415, detail, "Content-Type");

    public static Problem NotFound(string detail) => new(Prefix + "not-found", "There is no such resource", 404, detail);

    public static Problem Conflict(string where, string detail) => new(Prefix + "name-taken", "The name is taken", 409, detail, where);

    public static Problem NotAcceptable(string detail)
        => new(Prefix + "not-acceptable", "No representation is acceptable", 406, detail, "Accept");

    /// <param name="where">The parameter or header that held the cursor.</param>
    public static Problem CursorGone(string where) => new(
        Prefix + "cursor-gone", "The cursor belongs to another store", 410,
        "The cursor was made by another store, or by this one before it was restored from a backup; the places it names mean nothing here. "
        + "Begin again without it, with 'from' as the time from which you need the events.", where);

    public static Problem TooManyReaders(string detail)
        => new(Prefix + "too-many-readers", "Too many clients read now", 503, detail) { RetryAfterSeconds = 5 };

    public static Problem TooManyCalls(string detail)
        => new(Prefix + "too-many-calls", "Too many calls wait now", 503, detail) { RetryAfterSeconds = 5 };

    public static Problem NoAnswer(string detail) => new(Prefix + "no-answer", "The device has not answered", 408, detail);

    public static Problem NotCommitting(string detail)
        => new(Prefix + "not-committing", "The node cannot commit now", 503, detail) { RetryAfterSeconds = 2 };

    /// <summary>Nothing was done, so the request can be repeated whatever it is.</summary>
    public static Problem Moving { get; }
        = new(Prefix + "moving", "What was asked for is moving", 503, "The integration is just moving to another node. Ask again.") { RetryAfterSeconds = 1 };

    public static Problem NodeSilent(string detail)
        => new(Prefix + "node-silent", "The node that knows does not answer now", 503, detail) { RetryAfterSeconds = 1 };

    public static Problem Full(string detail)
        => new(Prefix + "full", "There is no room to store it", 507, detail) { RetryAfterSeconds = 30 };

    /// <param name="wasGiven">Whether the request showed any credentials.</param>
    /// <param name="tokenPath">Where the operator finds the token; a path is no secret, and only its owner can read the file.</param>
    public static Problem Unauthorized(bool wasGiven, string tokenPath) => new(
        Prefix + "unauthorized", wasGiven ? "The token is not valid" : "A token is required", 401,
        $"Send 'Authorization: Bearer TOKEN' with an API token, or with the administrator's token, "
        + $"which lies in the file '{Path.GetFileName(tokenPath)}' of the data directory. "
        + "Without one, where anonymous clients are allowed, only the events of the product 'default' can be published and read.");

    public static Problem Forbidden(string detail) => new(Prefix + "forbidden", "The token does not allow this", 403, detail);

    public static Problem TooManyAttempts() => new(
        Prefix + "too-many-attempts", "Too many attempts with wrong credentials", 429, "This was tried too often. Try again in a minute, with what is valid.") { RetryAfterSeconds = 60 };

    public static Problem TooFast(string detail) => new(Prefix + "too-fast", "The product or the device publishes more than it may", 429, detail) { RetryAfterSeconds = 5 };

    public static Problem InUse(string detail) => new(Prefix + "in-use", "It is in use", 409, detail);

    /// <summary>The problem of a response that has nothing but a status.</summary>
    public static Problem OfStatus(int status, string method, string path) => status switch
    {
        404 => NotFound($"There is nothing at {path}."),
        405 => new(Prefix + "method-not-allowed", "The method is not allowed", status, $"{method} is not possible at {path}; see the header Allow."),
        413 => TooLarge("The request is larger than this endpoint accepts."),
        >= 500 => new(Prefix + "internal", "Something went wrong here", status, "The request failed on the server's side; its log says why."),
        _ => Malformed("The request cannot be served.") with { Status = status },
    };
}
