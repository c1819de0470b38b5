namespace Holdfast.Api.Security;

/// <summary>Who may use an endpoint.</summary>
internal enum Access
{
    /// <summary>Only who has the administrator's token.</summary>
    Administrator,

    /// <summary>Publishing and reading events: also anonymous callers where they are allowed, for the product <c>default</c>.</summary>
    Events,

    /// <summary>Also callers on this machine.</summary>
    Local,
}
