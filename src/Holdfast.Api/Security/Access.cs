namespace Holdfast.Api.Security;

/// <summary>Who may use an endpoint.</summary>
internal enum Access
{
    /// <summary>Only who has the administrator's token.</summary>
    Administrator,

    /// <summary>Also anonymous callers where they are allowed, for the product <c>default</c>.</summary>
    Publisher,

    /// <summary>Also callers on this machine.</summary>
    Local,
}
